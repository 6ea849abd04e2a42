/**
 * The contracts of ubiblk.
 *
 * <p>A virtual disk is a stack of {@link io.ubiblk.api.BlockDevice} layers, each wrapping the one
 * below. The stack is shared by everybody; all I/O goes through {@link
 * io.ubiblk.api.BlockChannel}s, each opened on one {@link io.ubiblk.api.Reactor} and confined to
 * its thread, so that nothing on the path takes a lock. A {@link io.ubiblk.api.Frontend} translates
 * a protocol's requests into channel calls. A {@link io.ubiblk.api.StripeSource} supplies the
 * content of disks that are filled on first access.
 *
 * <p>Conventions that hold everywhere:
 *
 * <ul>
 *   <li>Offsets and lengths are in bytes, as {@code long}. A name that ends in another unit ({@code
 *       Nanos}, {@code Sectors}) says so.
 *   <li>The outcome of a request is an {@code int}: {@link io.ubiblk.api.Status#OK} or a positive
 *       Linux errno, see {@link io.ubiblk.api.Status}. A request that failed never throws.
 *   <li>Set-up and control operations throw {@link io.ubiblk.api.BlockDeviceException}.
 *   <li>Misuse by the calling code (a heap segment, a call from the wrong thread) is an unchecked
 *       exception or, on the hot path, an assertion.
 * </ul>
 */
package io.ubiblk.api;
