/**
 * Command lines: options with types, messages that say what was expected, and help that is made of
 * the options themselves. Begin with {@link io.ubiblk.examples.cli.CommandLine}.
 */
package io.ubiblk.examples.cli;
