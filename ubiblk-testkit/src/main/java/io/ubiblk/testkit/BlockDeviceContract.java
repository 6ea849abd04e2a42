package io.ubiblk.testkit;

/**
 * What every {@link io.ubiblk.api.BlockDevice} must do, as tests. Implement this interface in a
 * test class, say how to open a loop and how to make a device, and run it:
 *
 * <pre>{@code
 * class MyBlockDeviceContractTest implements BlockDeviceContract {
 *   @Override
 *   public EventLoop newLoop() {
 *     return ...;
 *   }
 *
 *   @Override
 *   public BlockDevice newDevice(long size) {
 *     return new MyBlockDevice(size);
 *   }
 * }
 * }</pre>
 *
 * <p>Everything else follows from the device's geometry and capabilities: what a device does not
 * offer must be refused, what it offers must work. The few things that they do not say are methods
 * of {@link BlockDeviceFixture} with defaults. For devices that wrap another one there is more in
 * {@link DecoratorContract}.
 *
 * <p>The tests drive loops on the thread that runs them. Calls that may block, such as {@link
 * io.ubiblk.api.BlockDevice#close}, are made on a thread of their own meanwhile. Every wait is
 * bounded, so that a lost completion is a failure with a message. Random tests print their seed,
 * see {@link Seeds}.
 *
 * <p>The tests are spread over several interfaces by subject, none of which needs to be implemented
 * by itself.
 */
public interface BlockDeviceContract
    extends ContentContract,
        RefusalContract,
        MemoryContract,
        CompletionContract,
        OverlapContract,
        RandomContract,
        ThreadContract,
        ClosingContract,
        ResizeContract,
        PropertiesContract {}
