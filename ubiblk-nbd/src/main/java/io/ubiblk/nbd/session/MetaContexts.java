package io.ubiblk.nbd.session;

import io.ubiblk.nbd.protocol.Option;
import io.ubiblk.nbd.protocol.OptionData;
import io.ubiblk.nbd.protocol.OptionReplies;
import io.ubiblk.nbd.protocol.OptionReply;
import org.jspecify.annotations.Nullable;

/** Which metadata contexts a client has selected. There is one to choose from. */
final class MetaContexts {

  private static final String NAMESPACE = "base:";
  private static final String ALLOCATION = "base:allocation";

  private @Nullable String selectedFor;

  void clear() {
    selectedFor = null;
  }

  /** Whether the context is selected for an export of exactly that name. */
  boolean areSelectedFor(String name) {
    return name.equals(selectedFor);
  }

  /** Answers queries, and selects what they name. What is not known is passed over. */
  void answer(OptionData.ContextQueries queries, boolean selects, OptionReplies replies) {
    boolean named = queries.queries().contains(ALLOCATION);
    if (selects && named) {
      selectedFor = queries.name();
      replies.numbered(
          Option.SET_META_CONTEXT, OptionReply.META_CONTEXT, StatusQuery.CONTEXT, ALLOCATION);
    } else if (!selects
        && (named || queries.queries().isEmpty() || queries.queries().contains(NAMESPACE))) {
      replies.numbered(Option.LIST_META_CONTEXT, OptionReply.META_CONTEXT, 0, ALLOCATION);
    }
  }
}
