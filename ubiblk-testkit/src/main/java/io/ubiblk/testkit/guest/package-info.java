/**
 * Linux guests made of this machine's programs and a kernel package: for tests that need a kernel
 * of their own. {@link io.ubiblk.testkit.guest.GuestTools} finds what it takes, {@link
 * io.ubiblk.testkit.guest.GuestImage} packs it, {@link io.ubiblk.testkit.guest.Guest} boots it.
 */
package io.ubiblk.testkit.guest;
