package io.ubiblk.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A method added to an interface and forgotten in the base is the classic decorator bug. */
class ForwardingTest {

  private final List<Method> calls = new ArrayList<>();
  private final List<Object[]> arguments = new ArrayList<>();
  private final Map<Class<?>, Object> samples = new HashMap<>();

  private static final class Device extends ForwardingBlockDevice {
    Device(BlockDevice delegate) {
      super(delegate);
    }
  }

  private static final class Channel extends ForwardingBlockChannel {
    Channel(BlockChannel delegate) {
      super(delegate);
    }
  }

  @Test
  void theDeviceBaseForwardsEveryMethod() throws Exception {
    forwardsEveryMethod(BlockDevice.class, new Device(recorder(BlockDevice.class)));
  }

  @Test
  void theChannelBaseForwardsEveryMethod() throws Exception {
    forwardsEveryMethod(BlockChannel.class, new Channel(recorder(BlockChannel.class)));
  }

  @Test
  void aDecoratorPrintsTheChain() {
    BlockDevice inner = new Device(recorder(BlockDevice.class));
    assertTrue(new Device(inner).toString().startsWith("Device(Device("));
  }

  private <T> void forwardsEveryMethod(Class<T> type, T forwarder) throws Exception {
    for (Method method : type.getMethods()) {
      if (Modifier.isStatic(method.getModifiers())) {
        continue;
      }
      calls.clear();
      arguments.clear();
      Object[] given = Arrays.stream(method.getParameterTypes()).map(this::sample).toArray();
      Object result = method.invoke(forwarder, given);
      assertEquals(List.of(method), calls, method + " is not forwarded, or not alone");
      for (int i = 0; i < given.length; i++) {
        assertEquals(given[i], arguments.getFirst()[i], "argument " + i + " of " + method);
      }
      if (method.getReturnType() != void.class) {
        Object expected = sample(method.getReturnType());
        if (method.getReturnType().isPrimitive()) {
          assertEquals(expected, result, method.toString());
        } else {
          assertSame(expected, result, method.toString());
        }
      }
    }
  }

  private Object sample(Class<?> type) {
    return samples.computeIfAbsent(type, this::newSample);
  }

  private Object newSample(Class<?> type) {
    if (type == long.class) {
      return 512L;
    } else if (type == int.class) {
      return 3;
    } else if (type == boolean.class) {
      return true;
    } else if (type == Geometry.class) {
      return Geometry.of(4096);
    } else if (type == Set.class) {
      return Set.of(Capability.WRITE);
    } else if (type == ScatterList.class) {
      return new ScatterList();
    } else {
      return recorder(type);
    }
  }

  private <T> T recorder(Class<T> type) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, args) -> {
              if (method.getDeclaringClass() == Object.class) {
                return switch (method.getName()) {
                  case "equals" -> proxy == args[0];
                  case "hashCode" -> System.identityHashCode(proxy);
                  default -> "recorder";
                };
              }
              calls.add(method);
              arguments.add(args == null ? new Object[0] : args);
              return method.getReturnType() == void.class ? null : sample(method.getReturnType());
            }));
  }
}
