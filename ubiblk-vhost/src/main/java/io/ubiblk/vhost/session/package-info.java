/**
 * One frontend's session: a {@link io.ubiblk.vhost.session.Session} takes its messages one after
 * the other and keeps what they set up, a {@link io.ubiblk.vhost.session.Vring} for each ring.
 */
package io.ubiblk.vhost.session;
