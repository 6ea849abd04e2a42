package io.ubiblk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.ubiblk.api.BlockDevice;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.opentest4j.TestAbortedException;

/** No test that cannot fail: every test of the contract notices the devices that break its rule. */
class ContractMutantsTest {

  private static List<Mutant> mutants() {
    return Stream.of(
            ContentMutants.all(),
            RefusalMutants.all(),
            MemoryMutants.all(),
            CompletionMutants.all(),
            OverlapMutants.all(),
            ClosingMutants.all(),
            PropertyMutants.all())
        .flatMap(List::stream)
        .toList();
  }

  private record BrokenFixture(Mutant mutant) implements VirtualFixture, BlockDeviceContract {
    @Override
    public BlockDevice newDevice(long size) {
      return mutant.device().apply(new ModelBlockDevice(size));
    }

    @Override
    public long testSize() {
      return 128 * 1024;
    }

    @Override
    public int randomOperations() {
      return 2_000;
    }

    @Override
    public Duration patience() {
      return Duration.ofMillis(200);
    }
  }

  @TestFactory
  Stream<DynamicTest> everyMutantIsNoticed() {
    return mutants().stream()
        .flatMap(
            mutant ->
                mutant.killers().stream()
                    .map(
                        killer ->
                            dynamicTest(
                                "a device that " + mutant.rule() + ": " + killer,
                                () -> assertNoticed(mutant, killer))));
  }

  private static void assertNoticed(Mutant mutant, String killer) throws Exception {
    Method test = BlockDeviceContract.class.getMethod(killer);
    InvocationTargetException thrown =
        assertThrows(InvocationTargetException.class, () -> test.invoke(new BrokenFixture(mutant)));
    if (thrown.getCause() instanceof TestAbortedException aborted) {
      fail("the test was not run", aborted);
    }
  }

  @Test
  void everyTestOfTheContractNoticesSomething() {
    Set<String> tests =
        Arrays.stream(BlockDeviceContract.class.getMethods())
            .filter(method -> method.isAnnotationPresent(Test.class))
            .map(Method::getName)
            .collect(Collectors.toCollection(TreeSet::new));
    mutants().forEach(mutant -> tests.removeAll(mutant.killers()));
    assertEquals(Set.of(), tests, "tests that have never been seen to fail");
  }
}
