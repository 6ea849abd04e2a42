/** Makes records of the sections of a configuration. */
package io.ubiblk.config.reader;
