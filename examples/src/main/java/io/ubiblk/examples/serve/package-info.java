/** Runners that serve disks until they are told to end. */
package io.ubiblk.examples.serve;
