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
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.opentest4j.TestAbortedException;

/** Every test of the decorators' contract notices the decorators that break its rule. */
class DecoratorMutantsTest {

  private record BrokenFixture(DecoratorMutant mutant)
      implements VirtualFixture, DecoratorContract {
    @Override
    public BlockDevice decorate(BlockDevice inner) throws Exception {
      return mutant.decoration().decorate(inner);
    }

    @Override
    public long testSize() {
      return 128 * 1024;
    }

    @Override
    public Duration patience() {
      return Duration.ofMillis(200);
    }
  }

  @TestFactory
  Stream<DynamicTest> everyMutantIsNoticed() {
    return DecoratorMutant.all().stream()
        .flatMap(
            mutant ->
                mutant.killers().stream()
                    .map(
                        killer ->
                            dynamicTest(
                                "a decorator that " + mutant.rule() + ": " + killer,
                                () -> assertNoticed(mutant, killer))));
  }

  private static void assertNoticed(DecoratorMutant mutant, String killer) throws Exception {
    Method test = DecoratorContract.class.getMethod(killer);
    InvocationTargetException thrown =
        assertThrows(InvocationTargetException.class, () -> test.invoke(new BrokenFixture(mutant)));
    if (thrown.getCause() instanceof TestAbortedException aborted) {
      fail("the test was not run", aborted);
    }
  }

  @Test
  void everyTestOfTheContractNoticesSomething() {
    Set<String> tests = names(DecoratorContract.class);
    tests.removeAll(names(BlockDeviceContract.class));
    DecoratorMutant.all().forEach(mutant -> tests.removeAll(mutant.killers()));
    assertEquals(Set.of(), tests, "tests that have never been seen to fail");
  }

  private static Set<String> names(Class<?> contract) {
    return Arrays.stream(contract.getMethods())
        .filter(method -> method.isAnnotationPresent(Test.class))
        .map(Method::getName)
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
