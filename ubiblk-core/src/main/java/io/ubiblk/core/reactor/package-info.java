/**
 * Reactors: one thread, one loop, everything that the thread waits for in one place.
 *
 * <p>{@link io.ubiblk.core.reactor.ReactorGroup} is where to begin: it runs a few reactors, each in
 * a thread of its own, for any number of disks. There are three kinds. The ring reactor puts file
 * I/O, descriptors and timers on one io_uring and makes one system call for each batch. The epoll
 * reactor takes its place where io_uring is refused, with a small pool of threads for files. The
 * simulated reactors of a {@link io.ubiblk.core.reactor.Simulation} run in virtual time from a
 * seed, for tests that replay.
 */
package io.ubiblk.core.reactor;
