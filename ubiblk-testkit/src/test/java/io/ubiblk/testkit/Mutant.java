package io.ubiblk.testkit;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.CompletionHandler;
import io.ubiblk.api.ForwardingBlockChannel;
import io.ubiblk.api.ForwardingBlockDevice;
import io.ubiblk.api.Reactor;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;

/**
 * A device that breaks one rule, and the tests of the contract that must notice.
 *
 * @param rule what is broken
 * @param device makes the device around a sound one
 * @param killers names of test methods
 */
record Mutant(String rule, Function<ModelBlockDevice, BlockDevice> device, List<String> killers) {

  /** Opens a channel that breaks a rule. */
  interface Opening {
    BlockChannel open(ModelBlockDevice model, Reactor reactor, int depth, CompletionHandler done)
        throws IOException;
  }

  static Mutant ofChannel(String rule, Opening opening, String... killers) {
    return new Mutant(rule, model -> new Device(model, opening), List.of(killers));
  }

  static Mutant ofDevice(
      String rule, Function<ModelBlockDevice, BlockDevice> device, String... killers) {
    return new Mutant(rule, device, List.of(killers));
  }

  /** A sound device but for its channels. */
  static class Device extends ForwardingBlockDevice {
    final ModelBlockDevice model;
    private final Opening opening;

    Device(ModelBlockDevice model) {
      this(model, Channel::new);
    }

    Device(ModelBlockDevice model, Opening opening) {
      super(model);
      this.model = model;
      this.opening = opening;
    }

    @Override
    public BlockChannel openChannel(Reactor reactor, int depth, CompletionHandler completions)
        throws IOException {
      return opening.open(model, reactor, depth, completions);
    }
  }

  /** A sound channel, to be overridden. */
  static class Channel extends ForwardingBlockChannel {
    final ModelBlockDevice model;

    Channel(ModelBlockDevice model, Reactor reactor, int depth, CompletionHandler done)
        throws IOException {
      super(model.openChannel(reactor, depth, done));
      this.model = model;
    }
  }

  @Override
  public String toString() {
    return rule;
  }
}
