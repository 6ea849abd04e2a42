package io.ubiblk.core.io;

import io.ubiblk.api.OpenChannels;
import java.util.ArrayList;
import java.util.List;

/**
 * How a channel closes: the callers' callbacks wait until the channel has nothing under way any
 * more, the first call tells the device, and the last step is done once however often the channel
 * is closed. What has to come to an end in between is the channel's own affair. Confined to the
 * channel's thread.
 */
public final class ChannelClosing {

  private final OpenChannels channels;
  private final List<Runnable> callbacks = new ArrayList<>();
  private boolean begun;
  private boolean ended;

  /**
   * Creates the state of a channel that is open.
   *
   * @param channels counts the device's channels, of which this is one
   */
  public ChannelClosing(OpenChannels channels) {
    this.channels = channels;
  }

  /**
   * Takes a call of the channel's {@code close}.
   *
   * @param onClosed run by {@link #end}
   * @return whether this is the first call: there may be something to cancel
   */
  public boolean begin(Runnable onClosed) {
    callbacks.add(onClosed);
    boolean first = !begun;
    if (first) {
      begun = true;
      channels.closing();
    }
    return first;
  }

  /** {@return whether the channel has been closed, and takes no requests any more} */
  public boolean hasBegun() {
    return begun;
  }

  /**
   * Ends the closing: the last completion has been delivered. May be called again when the channel
   * has been closed again.
   *
   * @param release gives back what the channel holds; run the first time only
   */
  public void end(Runnable release) {
    if (!ended) {
      ended = true;
      release.run();
      channels.closed();
    }
    List<Runnable> waiting = List.copyOf(callbacks);
    callbacks.clear();
    waiting.forEach(Runnable::run);
  }
}
