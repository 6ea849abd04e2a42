package io.ubiblk.core.lazy;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Bits of a stripe's header byte that are to become durable, and who waits for them. */
final class HeaderMark {

  final int stripe;
  int bits;

  /** The work that the FETCHED bit ends. */
  @Nullable StripeWork work;

  /** Changes that wait for the WRITTEN bit. */
  final List<HeldChange> changes = new ArrayList<>();

  HeaderMark(int stripe) {
    this.stripe = stripe;
  }
}
