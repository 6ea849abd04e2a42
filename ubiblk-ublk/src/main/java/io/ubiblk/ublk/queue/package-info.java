/**
 * Queues: each fetches requests from the driver, has them executed by a device, and commits what
 * came of it.
 */
package io.ubiblk.ublk.queue;
