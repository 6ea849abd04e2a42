/**
 * Bridges between the asynchronous contract and code that blocks: {@link
 * io.ubiblk.core.blocking.BlockingAccess} for programs that just want to read and write a device,
 * {@link io.ubiblk.core.blocking.BlockingDevice} for storage that is easiest to write as calls that
 * block.
 */
package io.ubiblk.core.blocking;
