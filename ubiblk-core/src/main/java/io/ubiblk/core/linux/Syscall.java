package io.ubiblk.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The one door to the kernel: libc's {@code syscall(2)}.
 *
 * <p>Every call returns what the kernel returns: a result that is not negative, or a negative
 * errno. Pointers are passed as addresses; the caller keeps the memory alive during the call.
 */
final class Syscall {

  private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
  private static final long ERRNO =
      CAPTURE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));
  private static final MethodHandle SYSCALL = link();

  /** For platform threads, which are few and call often. */
  private static final ThreadLocal<MemorySegment> CAPTURES =
      ThreadLocal.withInitial(() -> newCapture(Arena.ofAuto()));

  private Syscall() {}

  /** Memory for the errno of one thread's calls, for those who call often. */
  static MemorySegment newCapture(Arena arena) {
    return arena.allocate(CAPTURE);
  }

  static long call(long number, long a, long b, long c, long d, long e, long f) {
    if (!Thread.currentThread().isVirtual()) {
      return call(CAPTURES.get(), number, a, b, c, d, e, f);
    }
    try (Arena arena = Arena.ofConfined()) {
      return call(newCapture(arena), number, a, b, c, d, e, f);
    }
  }

  static long call(long number, long a, long b, long c, long d) {
    return call(number, a, b, c, d, 0, 0);
  }

  static long call(long number, long a, long b, long c) {
    return call(number, a, b, c, 0, 0, 0);
  }

  static long call(
      MemorySegment capture, long number, long a, long b, long c, long d, long e, long f) {
    long result;
    try {
      result = (long) SYSCALL.invokeExact(capture, number, a, b, c, d, e, f);
    } catch (RuntimeException | Error unexpected) {
      throw unexpected;
    } catch (Throwable unexpected) {
      throw new AssertionError(unexpected);
    }
    return result == -1 ? -capture.get(ValueLayout.JAVA_INT, ERRNO) : result;
  }

  @SuppressWarnings("restricted")
  private static MethodHandle link() {
    Linker linker = Linker.nativeLinker();
    ValueLayout.OfLong word = ValueLayout.JAVA_LONG;
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow("syscall"),
        FunctionDescriptor.of(word, word, word, word, word, word, word, word),
        Linker.Option.firstVariadicArg(1),
        Linker.Option.captureCallState("errno"));
  }
}
