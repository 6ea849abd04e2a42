/** Sources that disks are filled from: a raw image, or any device. */
package io.ubiblk.core.source;
