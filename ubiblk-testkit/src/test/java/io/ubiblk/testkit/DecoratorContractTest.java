package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ubiblk.api.BlockDevice;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class DecoratorContractTest {

  @Nested
  class Recording implements VirtualFixture, DecoratorContract {
    @Override
    public BlockDevice decorate(BlockDevice inner) {
      return new RecordingBlockDevice(inner);
    }
  }

  @Nested
  class Faulty implements VirtualFixture, DecoratorContract {
    @Override
    public BlockDevice decorate(BlockDevice inner) {
      return new FaultyBlockDevice(inner, 1);
    }
  }

  @Nested
  class Splitting implements VirtualFixture, DecoratorContract {
    @Override
    public BlockDevice decorate(BlockDevice inner) {
      return new SplittingBlockDevice(inner);
    }
  }

  @Test
  void powerCutsFindMuchToDecide() throws Exception {
    Recording fixture = new Recording();
    try (PowerCuts cuts = new PowerCuts(fixture, disks -> disks.getFirst())) {
      cuts.run(100, List.of(ModelOptions.of(65536)), new SeededRandom(1));
      assertTrue(cuts.undecidedBlocks() > 1_000, cuts.undecidedBlocks() + " undecided blocks");
    }
  }
}
