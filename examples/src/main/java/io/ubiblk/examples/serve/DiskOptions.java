package io.ubiblk.examples.serve;

import io.ubiblk.api.Geometry;
import io.ubiblk.core.VirtualDisk;
import io.ubiblk.core.VirtualDiskBuilder;
import io.ubiblk.core.file.RawFileDevice;
import io.ubiblk.core.file.RawFileOptions;
import io.ubiblk.core.memory.NullDevice;
import io.ubiblk.core.reactor.ReactorGroup;
import io.ubiblk.examples.cli.Arguments;
import io.ubiblk.examples.cli.CommandLine;
import io.ubiblk.examples.cli.Option;
import io.ubiblk.examples.cli.UsageException;
import io.ubiblk.examples.cli.ValueType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The options that describe a disk, and the disk that they describe. */
final class DiskOptions {

  private final Option<Storage> file;
  private final Option<Long> size;
  private final Option<Path> image;
  private final Option<Path> metadata;
  private final Option<Boolean> copyOnRead;
  private final Option<Boolean> autofetch;
  private final Option<Boolean> trackWritten;
  private final Option<Boolean> direct;
  private final Option<Boolean> readOnly;
  private final Option<Boolean> writeThrough;

  DiskOptions(CommandLine line) {
    file =
        line.required(
            "--file",
            "DISK",
            Storage.TYPE,
            "file or block special file with the data; null:SIZE serves a device without content");
    size =
        line.optional(
            "--size",
            "BYTES",
            ValueType.SIZE,
            "size of a disk that does not exist and is created; K, M, G and T are understood;"
                + " the image's size if there is an image");
    image =
        line.optional(
            "--image",
            "IMAGE",
            ValueType.PATH,
            "raw image to fill the disk from, needs --metadata");
    metadata =
        line.optional(
            "--metadata",
            "FILE",
            ValueType.PATH,
            "remembers what has been fetched; created if it does not exist");
    copyOnRead = line.flag("--copy-on-read", "bring to the disk what is read, not only writes");
    autofetch = line.flag("--autofetch", "fetch the whole image in the background");
    trackWritten = line.flag("--track-written", "keep in the metadata which stripes were written");
    direct = line.flag("--direct", "bypass the page cache");
    readOnly = line.flag("--read-only", "refuse changes");
    writeThrough = line.flag("--write-through", "make every write durable before it completes");
  }

  /** Refuses options that contradict each other, before anything is opened or created. */
  void check(Arguments arguments) throws UsageException {
    arguments.requireWith(image, metadata);
    for (Option<?> option : new Option<?>[] {metadata, copyOnRead, autofetch, trackWritten}) {
      arguments.requireWith(option, image);
    }
    if (arguments.get(file) instanceof Storage.Nowhere nowhere) {
      requireSectors(file, nowhere.toString(), nowhere.size());
      for (Option<?> option : new Option<?>[] {image, size, direct, writeThrough}) {
        arguments.refuse(option, "the disk is a null device, which knows nothing of it");
      }
    }
    if (arguments.isSet(size)) {
      long bytes = arguments.get(size);
      requireSectors(size, Long.toString(bytes), bytes);
    }
  }

  /** Opens the disk, creating what does not exist. */
  VirtualDisk open(Arguments arguments, ReactorGroup reactors) throws IOException {
    VirtualDiskBuilder builder = VirtualDisk.builder().reactors(reactors);
    switch (arguments.get(file)) {
      case Storage.Nowhere nowhere -> builder.device(new NullDevice(nowhere.size()));
      case Storage.File at -> describe(builder, at.path(), arguments);
    }
    VirtualDisk disk = builder.build();
    try {
      requireSize(disk, arguments);
    } catch (IOException e) {
      disk.close();
      throw e;
    }
    return disk;
  }

  /** Returns the files that the disk consists of. */
  List<Path> files(Arguments arguments) {
    List<Path> files = new ArrayList<>();
    if (arguments.get(file) instanceof Storage.File at) {
      files.add(at.path());
    }
    arguments.find(image).ifPresent(files::add);
    arguments.find(metadata).ifPresent(files::add);
    return files;
  }

  /** Returns whether the frontend shall refuse changes. */
  boolean isReadOnly(Arguments arguments) {
    return arguments.isSet(readOnly);
  }

  private void describe(VirtualDiskBuilder builder, Path path, Arguments arguments)
      throws IOException {
    boolean lazy = arguments.isSet(image);
    builder
        .file(path)
        .direct(arguments.isSet(direct))
        .writeThrough(arguments.isSet(writeThrough))
        // Reading fills a lazy disk; there the frontend alone refuses changes.
        .readOnly(arguments.isSet(readOnly) && !lazy);
    if (Files.notExists(path)) {
      builder.createIfMissing(newSize(path, arguments));
    }
    if (lazy) {
      builder
          .lazyFrom(arguments.get(image), arguments.get(metadata))
          .copyOnRead(arguments.isSet(copyOnRead))
          .autofetch(arguments.isSet(autofetch))
          .trackWritten(arguments.isSet(trackWritten));
    }
  }

  private long newSize(Path path, Arguments arguments) throws IOException {
    if (arguments.isSet(size)) {
      return arguments.get(size);
    }
    if (arguments.isSet(image)) {
      RawFileOptions options = RawFileOptions.DEFAULT.withReadOnly(true);
      try (RawFileDevice opened = RawFileDevice.open(arguments.get(image), options)) {
        return opened.geometry().size();
      }
    }
    throw new IOException(
        "disk " + path + " does not exist; create it with " + size.name() + " BYTES");
  }

  private void requireSize(VirtualDisk disk, Arguments arguments) throws IOException {
    long found = disk.geometry().size();
    if (arguments.isSet(size) && arguments.get(size) != found) {
      throw new IOException(
          "disk "
              + arguments.get(file)
              + " exists with "
              + found
              + " bytes, but "
              + size.name()
              + " says "
              + arguments.get(size)
              + "; an existing disk keeps its size");
    }
  }

  private static void requireSectors(Option<?> option, String text, long bytes)
      throws UsageException {
    if (bytes % Geometry.SECTOR != 0) {
      throw new UsageException(
          "option "
              + option.name()
              + " has the value '"
              + text
              + "', expected a multiple of "
              + Geometry.SECTOR
              + " bytes");
    }
  }
}
