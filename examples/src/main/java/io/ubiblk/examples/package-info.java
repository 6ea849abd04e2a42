/** The entry point of the examples. */
package io.ubiblk.examples;
