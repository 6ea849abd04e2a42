package io.ubiblk.crypto;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.EventLoop;
import io.ubiblk.testkit.DecoratorContract;
import java.lang.foreign.MemorySegment;
import java.util.Set;

/** The contract of decorators, of encryption over whatever is below. */
interface XtsFixture extends DecoratorContract {

  default TweakLayout layout() {
    return TweakLayout.UBIBLK;
  }

  @Override
  default EventLoop newLoop() throws Exception {
    return Loops.ring();
  }

  @Override
  default BlockDevice decorate(BlockDevice inner) throws Exception {
    try (XtsKey key = Vectors.key(Vectors.KEY)) {
      return new XtsBlockDevice(inner, key, layout());
    }
  }

  /** What was never written reads as the decryption of zeros. */
  @Override
  default void baseContent(long offset, MemorySegment dst) {
    dst.fill((byte) 0);
    try (XtsCipher cipher = Vectors.cipher(Vectors.KEY, layout())) {
      cipher.decrypt(offset / 512, dst, dst);
    }
  }

  @Override
  default void grownContent(long offset, MemorySegment dst) {
    baseContent(offset, dst);
  }

  @Override
  default Set<Capability> ownCapabilities() {
    return Set.of(Capability.WRITE_ZEROES);
  }

  @Override
  default boolean discardsLeaveNothingNew() {
    return false;
  }

  @Override
  default boolean resizable() {
    return true;
  }
}
