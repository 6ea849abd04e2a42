/** JSON, as little of it as control sockets and small files need: strict and bounded. */
package io.ubiblk.core.json;
