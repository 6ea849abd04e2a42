/**
 * A disk that starts at once and is filled stripe by stripe, as it is touched or in the background.
 *
 * <p>{@link io.ubiblk.core.lazy.LazyDevice} goes over a data device and a metadata device and takes
 * its content from a {@link io.ubiblk.api.StripeSource}. Every channel decides by one load per
 * stripe whether a request may pass. What may not pass is held in the channel and taken, stripe by
 * stripe, to the disk's one {@code Coordinator}, which lives on a reactor: it fetches, merges
 * faults, keeps the claims of requests that replace a stripe whole, and makes header bits durable
 * in groups.
 *
 * <h2>The rules that keep data safe</h2>
 *
 * <ol>
 *   <li>A stripe's FETCHED bit is written only after its data was written to the data device and
 *       the data device was flushed.
 *   <li>A header bit has an effect only after the metadata device was flushed behind it: until then
 *       no request reaches the data device, or completes, on its strength.
 *   <li>So no change of an unfetched stripe is on the data device while a fetch could still
 *       overwrite it: after a power cut the stripe is fetched again, and nothing is lost.
 *   <li>A request that replaces an unfetched stripe whole claims it, so that nobody fetches it; it
 *       completes when its data and then the FETCHED bit are durable.
 *   <li>Where writes are tracked, the WRITTEN bit is durable before the first change of the stripe
 *       is issued.
 *   <li>A read needs no bit: what it gets from the source, or from a fetch on its way, is the
 *       stripe's content as long as no change has been issued.
 *   <li>A flush that failed may have lost what it should have made durable, and no later one makes
 *       up for it: the stripes before it are fetched and written again, also if the flush was the
 *       user's. If it was not, the user's next flush fails, for the user's writes may be lost, too.
 *   <li>What lies on the data device under a stripe that was never fetched is nobody's content: a
 *       discard that replaces such a stripe leaves zeros.
 * </ol>
 */
package io.ubiblk.core.lazy;
