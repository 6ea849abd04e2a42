package io.ubiblk.testkit;

import io.ubiblk.api.Capability;
import io.ubiblk.api.Geometry;
import java.util.EnumSet;
import java.util.Set;

/**
 * What a {@link ModelBlockDevice} or {@link CrashingBlockDevice} is like.
 *
 * @param geometry size and limits
 * @param capabilities what the device offers
 * @param resizable whether the device can grow
 * @param discards what discarded ranges read as
 * @param seed decides in which order requests in flight are served, and all other choices
 */
public record ModelOptions(
    Geometry geometry,
    Set<Capability> capabilities,
    boolean resizable,
    Discards discards,
    long seed) {

  /** What a discarded range reads as; each is allowed. */
  public enum Discards {
    /** Zeros. */
    ZERO,
    /** What it held before: the discard does nothing. */
    KEEP,
    /** Some blocks read as zeros and others as before, by the device's seed. */
    MIXED
  }

  /** Copies the set. */
  public ModelOptions {
    capabilities = Set.copyOf(capabilities);
  }

  /**
   * Returns the options of a device of 512-byte blocks that can do everything, with {@link
   * Discards#MIXED} and seed 1.
   *
   * @param size size in bytes, a multiple of 512
   * @return the options
   */
  public static ModelOptions of(long size) {
    return new ModelOptions(
        Geometry.of(size), EnumSet.allOf(Capability.class), true, Discards.MIXED, 1);
  }

  /**
   * Returns a copy with another geometry.
   *
   * @param value size and limits
   * @return the copy
   */
  public ModelOptions withGeometry(Geometry value) {
    return new ModelOptions(value, capabilities, resizable, discards, seed);
  }

  /**
   * Returns a copy with other capabilities.
   *
   * @param value what the device offers
   * @return the copy
   */
  public ModelOptions withCapabilities(Set<Capability> value) {
    return new ModelOptions(geometry, value, resizable, discards, seed);
  }

  /**
   * Returns a copy that lacks a capability.
   *
   * @param value what the device does not offer
   * @return the copy
   */
  public ModelOptions without(Capability value) {
    EnumSet<Capability> fewer = EnumSet.allOf(Capability.class);
    fewer.removeIf(c -> c == value || !capabilities.contains(c));
    return withCapabilities(fewer);
  }

  /**
   * Returns a copy that can or cannot grow.
   *
   * @param value whether the device can grow
   * @return the copy
   */
  public ModelOptions withResizable(boolean value) {
    return new ModelOptions(geometry, capabilities, value, discards, seed);
  }

  /**
   * Returns a copy with other content of discarded ranges.
   *
   * @param value what they read as
   * @return the copy
   */
  public ModelOptions withDiscards(Discards value) {
    return new ModelOptions(geometry, capabilities, resizable, value, seed);
  }

  /**
   * Returns a copy with another seed.
   *
   * @param value the seed
   * @return the copy
   */
  public ModelOptions withSeed(long value) {
    return new ModelOptions(geometry, capabilities, resizable, discards, value);
  }
}
