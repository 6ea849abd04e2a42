/**
 * Reading of TOML files: their text, their includes, and access to sections that says in its
 * refusals what was found where.
 */
package io.ubiblk.config.toml;
