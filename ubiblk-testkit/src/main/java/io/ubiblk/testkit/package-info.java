/**
 * Contract tests and doubles for people who write block devices, and for those who test what stands
 * on one.
 *
 * <h2>You have written a device</h2>
 *
 * <p>Implement {@link io.ubiblk.testkit.BlockDeviceContract} in a test class, or {@link
 * io.ubiblk.testkit.DecoratorContract} if the device wraps another one, say how to open a loop and
 * how to make a device, and run it. What the device does not offer must be refused, what it offers
 * must work. The contract brings no reactor: run it on every kind that the device is for.
 *
 * <h2>You test what stands on a device</h2>
 *
 * <table>
 * <caption>Devices and sources to put below</caption>
 * <tr><th>double</th><th>what it does</th></tr>
 * <tr><td>{@link io.ubiblk.testkit.ModelBlockDevice}</td>
 *     <td>in memory, of any shape; uses every freedom of the contract and watches its users</td></tr>
 * <tr><td>{@link io.ubiblk.testkit.CrashingBlockDevice}</td>
 *     <td>the same with a volatile cache, whose power can be cut</td></tr>
 * <tr><td>{@link io.ubiblk.testkit.FaultyBlockDevice}</td>
 *     <td>fails, delays and holds up requests</td></tr>
 * <tr><td>{@link io.ubiblk.testkit.RecordingBlockDevice}</td>
 *     <td>remembers requests and completions</td></tr>
 * <tr><td>{@link io.ubiblk.testkit.PatternSource}</td>
 *     <td>a stripe source whose content names its own position</td></tr>
 * <tr><td>{@link io.ubiblk.testkit.FaultySource}</td>
 *     <td>a stripe source that fails, delays, holds up and counts reads</td></tr>
 * </table>
 *
 * <h2>Tools</h2>
 *
 * <p>{@link io.ubiblk.testkit.ChannelDriver} issues requests, one at a time or many in flight, and
 * checks that each completes exactly once. {@link io.ubiblk.testkit.RandomLoad} compares random
 * requests with a {@link io.ubiblk.testkit.DiskModel}; {@link io.ubiblk.testkit.PowerCuts} cuts the
 * power under a stack of any depth hundreds of times. {@link io.ubiblk.testkit.Patterns} fills and
 * verifies memory, {@link io.ubiblk.testkit.GuardedBuffer} notices stray bytes, {@link
 * io.ubiblk.testkit.ForwardingCheck} finds methods that a decorator has forgotten, and {@link
 * io.ubiblk.testkit.Seeds} makes random tests repeatable.
 *
 * <p>Everything here is for tests: it allocates and locks as it likes, and it is no measure of
 * speed.
 */
package io.ubiblk.testkit;
