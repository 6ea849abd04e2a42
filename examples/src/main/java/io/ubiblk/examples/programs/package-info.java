/** The programs of ubiblk: same names, options, exit statuses and output. */
package io.ubiblk.examples.programs;
