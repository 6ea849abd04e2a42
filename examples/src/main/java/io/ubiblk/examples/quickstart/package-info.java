/** A lazy disk from nothing to verified, in a quarter of a minute. */
package io.ubiblk.examples.quickstart;
