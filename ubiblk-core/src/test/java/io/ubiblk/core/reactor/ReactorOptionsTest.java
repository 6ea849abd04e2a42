package io.ubiblk.core.reactor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReactorOptionsTest {

  @Test
  void eachOptionChangesAlone() {
    ReactorOptions options =
        ReactorOptions.of(3)
            .withKind(ReactorOptions.Kind.EPOLL)
            .withPollNanos(7)
            .withCpus(List.of(1, 0));
    assertEquals(new ReactorOptions(3, ReactorOptions.Kind.EPOLL, 7, List.of(1, 0)), options);
    assertEquals(ReactorOptions.Kind.AUTOMATIC, ReactorOptions.of(1).kind());
  }

  @Test
  void impossibleValuesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> ReactorOptions.of(0));
    assertThrows(IllegalArgumentException.class, () -> ReactorOptions.of(1).withPollNanos(-1));
  }

  @Test
  void theListOfProcessorsIsCopied() {
    List<Integer> cpus = new ArrayList<>(List.of(0));
    ReactorOptions options = ReactorOptions.of(1).withCpus(cpus);
    cpus.add(5);
    assertEquals(List.of(0), options.cpus());
  }
}
