/**
 * Configuration files as records. {@link io.ubiblk.config.Configuration} describes a disk; {@link
 * io.ubiblk.config.ArchiveTarget}, {@link io.ubiblk.config.ArchiveExport} and {@link
 * io.ubiblk.config.RemoteEndpoint} describe what programs need besides. Files are TOML; they have
 * been checked when a record exists.
 */
package io.ubiblk.config;
