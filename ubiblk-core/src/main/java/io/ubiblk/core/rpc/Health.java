package io.ubiblk.core.rpc;

import java.util.List;

/**
 * How a disk is doing, in words.
 *
 * @param state the worst of what was found
 * @param reasons one sentence for each thing that is not as it should be
 */
public record Health(State state, List<String> reasons) {

  /** How bad it is, from good to bad. */
  public enum State {
    /** Nothing is wrong. */
    OK,
    /** Something has failed since the start. */
    DEGRADED,
    /** Requests wait for longer than they ever should. */
    STALLED
  }

  /** Copies the list. */
  public Health {
    reasons = List.copyOf(reasons);
  }
}
