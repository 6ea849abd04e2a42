/** Small layers that go between any two devices. */
package io.ubiblk.core.layer;
