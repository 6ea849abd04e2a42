/** A live view of running backends. */
package io.ubiblk.examples.top;
