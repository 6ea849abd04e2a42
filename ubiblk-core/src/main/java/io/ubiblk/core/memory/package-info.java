/** Devices without storage: one that keeps its content in memory, and one that has none. */
package io.ubiblk.core.memory;
