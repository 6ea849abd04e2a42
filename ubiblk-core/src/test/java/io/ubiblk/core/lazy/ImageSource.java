package io.ubiblk.core.lazy;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.StripeSource;
import io.ubiblk.testkit.ModelBlockDevice;
import io.ubiblk.testkit.PatternSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** A source with an image as a device underneath, as a raw image is one. */
final class ImageSource implements StripeSource {

  private final PatternSource content;
  private final ModelBlockDevice image;

  ImageSource(PatternSource content) {
    // One of its own, because it is closed with this source.
    this.content = content.withParallelism(content.parallelism());
    this.image = new ModelBlockDevice(content.size());
    byte[] bytes = new byte[(int) content.size()];
    content.fill(0, MemorySegment.ofArray(bytes));
    image.poke(0, bytes);
  }

  @Override
  public long size() {
    return content.size();
  }

  @Override
  public void read(long offset, MemorySegment dst) throws IOException {
    content.read(offset, dst);
  }

  @Override
  public boolean servesParts() {
    return true;
  }

  @Override
  public Optional<BlockDevice> device() {
    return Optional.of(image);
  }

  @Override
  public void close() {
    content.close();
    image.close();
  }

  @Override
  public String toString() {
    return "ImageSource(" + content + ")";
  }
}
