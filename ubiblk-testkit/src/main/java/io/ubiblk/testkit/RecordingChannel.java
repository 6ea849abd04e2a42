package io.ubiblk.testkit;

import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.Reactor;
import java.io.IOException;

/** The channel of a {@link RecordingBlockDevice}. */
final class RecordingChannel extends WatchingChannel {

  private final RecordingBlockDevice recorder;
  private final int channel;
  private final int[] entries;

  RecordingChannel(
      RecordingBlockDevice recorder,
      BlockDevice delegate,
      int channel,
      Reactor reactor,
      int depth,
      CompletionHandler completions)
      throws IOException {
    super(delegate, reactor, depth, completions);
    this.recorder = recorder;
    this.channel = channel;
    this.entries = new int[depth];
  }

  @Override
  void issued(Slot slot) {
    entries[slot.number] = recorder.issued(channel, slot.event);
    pass(slot);
  }

  @Override
  void completedBelow(Slot slot, int status) {
    recorder.completed(entries[slot.number], status);
    deliver(slot, status);
  }

  @Override
  public void close(Runnable onClosed) {
    markClosed();
    delegate().close(onClosed);
  }
}
