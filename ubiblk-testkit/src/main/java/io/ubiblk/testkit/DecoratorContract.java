package io.ubiblk.testkit;

/**
 * What every device that wraps another one must do: all of {@link BlockDeviceContract}, over a
 * {@link ModelBlockDevice}, and what concerns the device below: its capabilities, its errors, its
 * closing, and what it still holds after a power cut.
 *
 * <pre>{@code
 * class MyDecoratorContractTest implements DecoratorContract {
 *   @Override
 *   public EventLoop newLoop() {
 *     return ...;
 *   }
 *
 *   @Override
 *   public BlockDevice decorate(BlockDevice inner) {
 *     return new MyDecorator(inner);
 *   }
 * }
 * }</pre>
 *
 * <p>The device below is strict: it notices memory that changes under it, channels that are left
 * open, and requests that are not submitted. A decorator over several devices is tested with {@link
 * PowerCuts} directly.
 */
public interface DecoratorContract
    extends DecoratorFixture,
        BlockDeviceContract,
        LayerContract,
        InnerErrorContract,
        DurabilityContract {}
