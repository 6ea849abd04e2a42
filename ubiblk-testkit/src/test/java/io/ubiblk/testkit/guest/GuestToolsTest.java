package io.ubiblk.testkit.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuestToolsTest {

  @TempDir Path root;

  @ParameterizedTest
  @ValueSource(strings = {"lib/modules", "usr/lib/modules"})
  void modulesAreFoundWhereverPackagesPutThem(String folder) throws Exception {
    Path modules = Files.createDirectories(root.resolve(folder).resolve("6.12"));
    assertEquals(modules, GuestTools.modules(root, "6.12"));
  }

  @Test
  void modulesOfAnotherKernelAreNone() throws Exception {
    Files.createDirectories(root.resolve("usr/lib/modules/6.1"));
    assertThrows(MissingToolException.class, () -> GuestTools.modules(root, "6.12"));
  }

  @Test
  void newestImageInBootIsTaken() throws Exception {
    Files.createDirectory(root.resolve("boot"));
    Files.createFile(root.resolve("boot/vmlinuz-6.1"));
    Path newest = Files.createFile(root.resolve("boot/vmlinuz-6.12"));
    Files.createFile(root.resolve("boot/initrd.img-6.13"));
    assertEquals(newest, GuestTools.kernel(root));
    assertEquals("6.12", GuestTools.version(newest));
  }

  @ParameterizedTest
  @ValueSource(strings = {"lib/modules", "usr/lib/modules"})
  void imageBesideTheModulesIsTakenWhereBootHasNone(String folder) throws Exception {
    Path modules = Files.createDirectories(root.resolve(folder).resolve("7.2.13+deb14-amd64"));
    Path image = Files.createFile(modules.resolve("vmlinuz"));
    assertEquals(image, GuestTools.kernel(root));
    assertEquals("7.2.13+deb14-amd64", GuestTools.version(image));
    assertEquals(modules, GuestTools.modules(root, GuestTools.version(image)));
  }

  @Test
  void modulesWithoutAnImageAreNoKernel() throws Exception {
    Files.createDirectories(root.resolve("lib/modules/6.1"));
    assertThrows(MissingToolException.class, () -> GuestTools.kernel(root));
  }
}
