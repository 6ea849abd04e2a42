/**
 * The vhost-user protocol: messages as records, their codec, and the socket with its descriptors.
 *
 * @see <a href="https://qemu-project.gitlab.io/qemu/interop/vhost-user.html">vhost-user
 *     protocol</a>
 */
package io.ubiblk.vhost.protocol;
