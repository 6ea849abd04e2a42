/**
 * Connections and what they consist of. A {@link io.ubiblk.nbd.session.Connection} lives on one
 * reactor and goes through two phases: a negotiation, and a transmission in which requests are
 * served. Below it is a {@link io.ubiblk.nbd.session.Wire}, plain or with TLS.
 */
package io.ubiblk.nbd.session;
