/**
 * The driver as a server sees it: {@link io.ubiblk.ublk.driver.ControlNode} adds, starts, stops and
 * deletes devices, {@link io.ubiblk.ublk.driver.Driver} is the door that a test replaces.
 */
package io.ubiblk.ublk.driver;
