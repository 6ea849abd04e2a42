/** Benchmarks of encryption. */
@org.jspecify.annotations.NullMarked
package io.ubiblk.bench.crypto;
