/**
 * Linux, as far as this library needs it: every restricted call of the project is made here, and
 * this package depends on nothing of ours but the exceptions and statuses of the API.
 *
 * <p>System calls go through one door, {@code Syscall}, so that a program grants native access to
 * one module and pays for one linkage at start. Kernel structures have a class each, with offsets
 * named as in the kernel's headers. Calls return what the kernel returns: a result, or a negative
 * errno.
 */
package io.ubiblk.core.linux;
