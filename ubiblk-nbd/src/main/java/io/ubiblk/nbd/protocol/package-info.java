/** The wire format of NBD: numbers, and the shapes of messages. No I/O, no state. */
package io.ubiblk.nbd.protocol;
