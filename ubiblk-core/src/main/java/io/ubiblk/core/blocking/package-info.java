/**
 * Bridges between the asynchronous contract and code that blocks: {@link
 * io.ubiblk.core.blocking.BlockingAccess} for programs that just want to read and write a device.
 */
package io.ubiblk.core.blocking;
