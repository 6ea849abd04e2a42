package io.ubiblk.crypto;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Capability;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.ExtentVisitor;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.OpenChannels;
import io.ubiblk.api.Reactor;
import io.ubiblk.core.io.ClosingOnce;
import java.io.IOException;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * A device whose content is encrypted with AES-256-XTS on the device below, sector by sector of 512
 * bytes.
 *
 * <p><b>Memory.</b> A write is encrypted into buffers of the channel, inside of the call; the
 * caller's memory is only read. A read is decrypted in place when it has arrived. A channel has at
 * most 2 MiB of buffers, none before its first write; changes that find none free wait. A change of
 * more than 256 KiB goes in pieces, one after the other, each with the flags of the whole.
 *
 * <p><b>Holes.</b> What was never written, and what was discarded, reads as the decryption of
 * whatever is below, which looks random: no extent of this device is said to be zeros. A discard is
 * passed on. Zeros are written as their ciphertext and take storage like any other content.
 *
 * <p><b>Wrong key.</b> Nothing on the device tells whether a key is right: with a wrong one
 * everything reads as random. On a lazily filled disk the metadata tells, which is encrypted with
 * the same key.
 *
 * <p><b>What it does not do.</b> There is no authentication: whoever can change the storage can
 * replace sectors by random content, or by what they held before. Equal content written to the same
 * sector again is the same ciphertext.
 *
 * <p>See {@link XtsCipher} and {@link Secret} for how keys are kept and overwritten. Closing the
 * device overwrites its key, closing a channel the expanded ones.
 */
public final class XtsBlockDevice extends ForwardingBlockDevice {

  private final XtsKey key;
  private final TweakLayout layout;
  private final OpenChannels channels = new OpenChannels();
  private final ClosingOnce closing = new ClosingOnce();
  private final Set<Capability> capabilities;
  private final boolean writable;
  private final boolean forcesUnitAccess;
  private final int largestPiece;

  /**
   * Creates the layer, in ubiblk's layout.
   *
   * @param delegate the device that holds the ciphertext, owned by this one from now on
   * @param key the key; remains the caller's, and may be closed at once
   * @throws BlockDeviceException.Unsupported if the device's logical blocks are larger than 256 KiB
   */
  public XtsBlockDevice(BlockDevice delegate, XtsKey key) throws BlockDeviceException.Unsupported {
    this(delegate, key, TweakLayout.UBIBLK);
  }

  /**
   * Creates the layer.
   *
   * @param delegate the device that holds the ciphertext, owned by this one from now on
   * @param key the key; remains the caller's, and may be closed at once
   * @param layout where the sector's number stands in the tweak
   * @throws BlockDeviceException.Unsupported if the device's logical blocks are larger than 256 KiB
   */
  public XtsBlockDevice(BlockDevice delegate, XtsKey key, TweakLayout layout)
      throws BlockDeviceException.Unsupported {
    super(delegate);
    if (delegate.geometry().logicalBlockSize() > PagePool.SLAB) {
      throw new BlockDeviceException.Unsupported(
          "logical blocks of %d bytes of %s, expected at most %d to encrypt"
              .formatted(delegate.geometry().logicalBlockSize(), delegate, PagePool.SLAB));
    }
    this.layout = layout;
    this.capabilities = withZeroes(delegate.capabilities());
    this.writable = capabilities.contains(Capability.WRITE);
    this.forcesUnitAccess = capabilities.contains(Capability.FUA);
    this.largestPiece =
        Integer.highestOneBit(Math.min(PagePool.SLAB, delegate.geometry().maxTransfer()));
    this.key = key.copy();
    AesSupport.sayOnce();
  }

  /** Zeros are written here, whether or not the device below has a way of its own. */
  private static Set<Capability> withZeroes(Set<Capability> below) {
    EnumSet<Capability> set = EnumSet.noneOf(Capability.class);
    set.addAll(below);
    if (set.contains(Capability.WRITE)) {
      set.add(Capability.WRITE_ZEROES);
    } else {
      set.remove(Capability.WRITE_ZEROES);
    }
    return Collections.unmodifiableSet(set);
  }

  @Override
  public Set<Capability> capabilities() {
    return capabilities;
  }

  @Override
  public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    channels.opened(this);
    try {
      return openChannel(newCipher(), reactor, depth, completions);
    } catch (IOException | RuntimeException e) {
      channels.closing();
      channels.closed();
      throw e;
    }
  }

  private BlockChannel openChannel(
      XtsCipher cipher, Reactor reactor, int depth, CompletionHandler completions)
      throws IOException {
    try {
      return new XtsChannel(this, cipher, reactor, depth, completions);
    } catch (IOException | RuntimeException e) {
      cipher.close();
      throw e;
    }
  }

  /** {@return whether the device can be changed} */
  boolean isWritable() {
    return writable;
  }

  /** {@return whether changes may demand to be durable at once} */
  boolean forcesUnitAccess() {
    return forcesUnitAccess;
  }

  /** {@return the largest piece that a change is split into, a power of two} */
  int largestPiece() {
    return largestPiece;
  }

  /** {@return the count of channels} */
  OpenChannels channels() {
    return channels;
  }

  /** The key is closed only when there can be no channel any more. */
  private XtsCipher newCipher() {
    return new XtsCipher(key, layout);
  }

  /** Reports where the device below has storage allocated, and nothing as zeros. */
  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws IOException {
    delegate()
        .extents(
            offset,
            length,
            (at, bytes, flags) -> visitor.extent(at, bytes, flags & ~ExtentVisitor.ZERO));
  }

  @Override
  public void close() throws IOException {
    closing.run(
        () -> {
          channels.close(this);
          key.close();
          super.close();
        });
  }
}
