package io.ubiblk.core.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ubiblk.api.BlockDeviceException;
import io.ubiblk.api.Status;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ErrnoTest {

  @Test
  void namesAreThoseOfTheKernelsHeaders() {
    // asm-generic/errno-base.h and errno.h, the same on every architecture that is supported.
    Map<Integer, String> expected =
        Map.ofEntries(
            Map.entry(1, "EPERM"),
            Map.entry(2, "ENOENT"),
            Map.entry(5, "EIO"),
            Map.entry(6, "ENXIO"),
            Map.entry(9, "EBADF"),
            Map.entry(11, "EAGAIN"),
            Map.entry(14, "EFAULT"),
            Map.entry(16, "EBUSY"),
            Map.entry(22, "EINVAL"),
            Map.entry(24, "EMFILE"),
            Map.entry(27, "EFBIG"),
            Map.entry(28, "ENOSPC"),
            Map.entry(30, "EROFS"),
            Map.entry(34, "ERANGE"),
            Map.entry(40, "ELOOP"),
            Map.entry(62, "ETIME"),
            Map.entry(95, "EOPNOTSUPP"),
            Map.entry(110, "ETIMEDOUT"),
            Map.entry(122, "EDQUOT"),
            Map.entry(125, "ECANCELED"));
    expected.forEach((number, name) -> assertEquals(name, Errno.name(number)));
  }

  @Test
  void everyConstantHasItsOwnName() throws Exception {
    for (Class<?> type : new Class<?>[] {Errno.class, Status.class}) {
      for (Field field : type.getFields()) {
        if (Modifier.isStatic(field.getModifiers()) && field.getName().startsWith("E")) {
          assertEquals(field.getName(), Errno.name(field.getInt(null)));
        }
      }
    }
  }

  @Test
  void numbersWithoutANameSurvive() {
    assertEquals("errno 200", Errno.name(200));
    assertEquals("errno 0", Errno.name(0));
    assertEquals("errno -1", Errno.name(-1));
    BlockDeviceException.Io e = Errno.exception("open", "/disk", -28);
    assertEquals(28, e.errno());
    assertEquals("open /disk: ENOSPC", e.getMessage());
  }
}
