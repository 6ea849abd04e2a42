package io.ubiblk.testkit;

import io.ubiblk.api.BlockChannel;
import io.ubiblk.api.BlockDevice;
import io.ubiblk.api.Capability;
import io.ubiblk.api.Geometry;
import io.ubiblk.api.ScatterList;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Shows by reflection that a decorator forwards every method of an interface: that calling a method
 * calls the same method of what it wraps, once, with the same arguments and no other, and returns
 * what that returned. A method that is added to the interface and forgotten in the decorator does
 * not go unnoticed.
 *
 * <pre>{@code
 * ForwardingCheck.ofDevice(MyBlockDevice::new, "openChannel", "close");
 * }</pre>
 */
public final class ForwardingCheck {

  private final List<Method> calls = new ArrayList<>();
  private final List<Object[]> arguments = new ArrayList<>();
  private final Map<Class<?>, Object> samples = new HashMap<>();

  private ForwardingCheck() {}

  /**
   * Checks a device.
   *
   * @param wrap makes the decorator; it may ask what it wraps for its properties
   * @param exceptions names of methods that do something else on purpose
   * @throws AssertionError if another method is not forwarded
   */
  public static void ofDevice(
      Function<BlockDevice, ? extends BlockDevice> wrap, String... exceptions) {
    check(BlockDevice.class, wrap, Set.of(exceptions));
  }

  /**
   * Checks a channel.
   *
   * @param wrap makes the decorator
   * @param exceptions names of methods that do something else on purpose
   * @throws AssertionError if another method is not forwarded
   */
  public static void ofChannel(
      Function<BlockChannel, ? extends BlockChannel> wrap, String... exceptions) {
    check(BlockChannel.class, wrap, Set.of(exceptions));
  }

  /**
   * Checks a decorator of any interface.
   *
   * @param <T> the interface
   * @param type the interface
   * @param wrap makes the decorator
   * @param exceptions names of methods that do something else on purpose
   * @throws AssertionError if another method is not forwarded, or if an exception names none
   */
  public static <T> void check(
      Class<T> type, Function<T, ? extends T> wrap, Set<String> exceptions) {
    ForwardingCheck check = new ForwardingCheck();
    T decorator = wrap.apply(check.recorder(type));
    Set<String> unknown = new HashSet<>(exceptions);
    for (Method method : type.getMethods()) {
      unknown.remove(method.getName());
      if (!Modifier.isStatic(method.getModifiers()) && !exceptions.contains(method.getName())) {
        check.checkMethod(decorator, method);
      }
    }
    if (!unknown.isEmpty()) {
      throw new AssertionError(type.getSimpleName() + " has no method " + unknown);
    }
  }

  private void checkMethod(Object decorator, Method method) {
    calls.clear();
    arguments.clear();
    Object[] given = Arrays.stream(method.getParameterTypes()).map(this::sample).toArray();
    Object result = invoke(decorator, method, given);
    if (!calls.equals(List.of(method))) {
      throw new AssertionError(method + " is not forwarded once and alone, but as " + calls);
    }
    Object[] received = arguments.getFirst();
    for (int i = 0; i < given.length; i++) {
      if (!given[i].equals(received[i])) {
        throw new AssertionError(
            "argument %d of %s is forwarded as %s".formatted(i, method, received[i]));
      }
    }
    Class<?> type = method.getReturnType();
    if (type != void.class && !sample(type).equals(result)) {
      throw new AssertionError(
          "%s returns %s, not what was returned to it".formatted(method, result));
    }
  }

  private static @Nullable Object invoke(Object decorator, Method method, Object[] given) {
    try {
      return method.invoke(decorator, given);
    } catch (InvocationTargetException e) {
      throw new AssertionError(method + " throws " + e.getCause(), e.getCause());
    } catch (IllegalAccessException e) {
      throw new AssertionError(method + " is not accessible", e);
    }
  }

  private Object sample(Class<?> type) {
    Object known = samples.get(type);
    if (known == null) {
      known = newSample(type);
      samples.put(type, known);
    }
    return known;
  }

  private Object newSample(Class<?> type) {
    if (type == long.class) {
      return 512L;
    } else if (type == int.class) {
      return 3;
    } else if (type == boolean.class) {
      return true;
    } else if (type == String.class) {
      return "sample";
    } else if (type == Geometry.class) {
      return Geometry.of(4096);
    } else if (type == Set.class) {
      return Set.of(Capability.values());
    } else if (type == ScatterList.class) {
      return new ScatterList();
    } else if (type.isInterface()) {
      return recorder(type);
    }
    throw new AssertionError("no sample of " + type + ": the check has to learn about it");
  }

  private <T> T recorder(Class<T> type) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, args) -> answer(proxy, method, args == null ? new Object[0] : args)));
  }

  private @Nullable Object answer(Object proxy, Method method, Object[] args) {
    if (method.getDeclaringClass() == Object.class) {
      return switch (method.getName()) {
        case "equals" -> proxy == args[0];
        case "hashCode" -> System.identityHashCode(proxy);
        default -> "recorder";
      };
    }
    calls.add(method);
    arguments.add(args);
    return method.getReturnType() == void.class ? null : sample(method.getReturnType());
  }
}
