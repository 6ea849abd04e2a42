/** The memory that a frontend shares: its regions, and the translation of guest addresses. */
package io.ubiblk.vhost.memory;
