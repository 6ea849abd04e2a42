/** The log of the programs: lines on standard error, at a level that can change at any time. */
package io.ubiblk.examples.logging;
