/**
 * Benchmarks of the hot path. Each drives its subject from the benchmark's own thread, which is the
 * reactor's thread at the same time, so that nothing but the subject is measured. {@link
 * io.ubiblk.bench.ChannelLoad} is how they do it for devices.
 */
@org.jspecify.annotations.NullMarked
package io.ubiblk.bench;
