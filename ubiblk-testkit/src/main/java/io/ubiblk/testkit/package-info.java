/** Contract tests and doubles for block devices. */
package io.ubiblk.testkit;
