package io.ubiblk.core;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.AccessTarget.MethodCallTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import org.junit.jupiter.api.Test;

/** Who may know whom, and who may make native calls. */
class ArchitectureTest {

  private static final String LINUX = "io.ubiblk.core.linux..";

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.ubiblk.api", "io.ubiblk.core");

  private static ArchCondition<JavaClass> callRestrictedMethods() {
    return new ArchCondition<>("call restricted methods") {
      @Override
      public void check(JavaClass from, ConditionEvents events) {
        for (JavaMethodCall call : from.getMethodCallsFromSelf()) {
          MethodCallTarget target = call.getTarget();
          boolean reinterprets =
              target.getOwner().isAssignableTo(MemorySegment.class)
                  && target.getName().equals("reinterpret");
          boolean loads =
              target.getOwner().isAssignableTo(System.class) && target.getName().startsWith("load");
          boolean restricted = reinterprets || loads;
          events.add(new SimpleConditionEvent(call, restricted, call.getDescription()));
        }
      }
    };
  }

  @Test
  void theClassesHaveBeenFound() {
    assertTrue(CLASSES.contain("io.ubiblk.core.linux.Syscall"));
    assertTrue(CLASSES.contain("io.ubiblk.core.lazy.LazyDevice"));
    assertTrue(CLASSES.contain("io.ubiblk.api.BlockDevice"));
  }

  @Test
  void nativeCodeIsReachedThroughOnePackageOnly() {
    noClasses()
        .that()
        .resideOutsideOfPackage(LINUX)
        .should()
        .dependOnClassesThat()
        .areAssignableTo(Linker.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(SymbolLookup.class)
        .check(CLASSES);
    ArchRule restricted =
        noClasses().that().resideOutsideOfPackage(LINUX).should(callRestrictedMethods());
    restricted.check(CLASSES);
    assertThrows(
        AssertionError.class,
        () ->
            noClasses()
                .that()
                .resideInAPackage(LINUX)
                .should(callRestrictedMethods())
                .check(CLASSES),
        "the rule finds those that there are");
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("io.ubiblk.core.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void theContractsDependOnNothing() {
    classes()
        .that()
        .resideInAPackage("io.ubiblk.api..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("io.ubiblk.api..", "java..", "org.jspecify..")
        .check(CLASSES);
  }

  @Test
  void nativeCodeKnowsTheContractsAndNothingElse() {
    noClasses()
        .that()
        .resideInAPackage(LINUX)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.ubiblk.core",
            "io.ubiblk.core.blocking..",
            "io.ubiblk.core.file..",
            "io.ubiblk.core.io..",
            "io.ubiblk.core.layer..",
            "io.ubiblk.core.lazy..",
            "io.ubiblk.core.memory..",
            "io.ubiblk.core.metadata..",
            "io.ubiblk.core.reactor..",
            "io.ubiblk.core.source..")
        .check(CLASSES);
  }

  @Test
  void devicesDoNotKnowEachOther() {
    String[] devices = {"blocking", "file", "layer", "lazy", "memory"};
    for (String one : devices) {
      for (String other : devices) {
        if (!one.equals(other)) {
          noClasses()
              .that()
              .resideInAPackage("io.ubiblk.core." + one + "..")
              .should()
              .dependOnClassesThat()
              .resideInAPackage("io.ubiblk.core." + other + "..")
              .check(CLASSES);
        }
      }
    }
  }

  @Test
  void devicesDoNotKnowWhichReactorRunsThem() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "io.ubiblk.core.file..", "io.ubiblk.core.layer..", "io.ubiblk.core.memory..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.ubiblk.core.reactor..")
        .check(CLASSES);
  }

  @Test
  void theHotPathDoesNotLog() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "io.ubiblk.core.file..",
            "io.ubiblk.core.layer..",
            "io.ubiblk.core.linux..",
            "io.ubiblk.core.memory..")
        // Works when a channel is opened, and then no more.
        .and()
        .doNotHaveSimpleName("Flushes")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.slf4j..")
        .check(CLASSES);
  }
}
