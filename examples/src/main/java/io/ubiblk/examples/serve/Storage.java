package io.ubiblk.examples.serve;

import io.ubiblk.examples.cli.ValueType;
import java.nio.file.Path;
import java.util.Optional;

/** Where a disk's data lives. */
sealed interface Storage {

  /** What a device without content is called, before its size. */
  String PREFIX = "null:";

  /** How {@code --file} is read. */
  ValueType<Storage> TYPE =
      new ValueType<>("a path, or null: and a size, such as null:10G", Storage::read);

  /** A file or block special file. */
  record File(Path path) implements Storage {
    @Override
    public String toString() {
      return path.toString();
    }
  }

  /** Nowhere: writes vanish, reads return anything. */
  record Nowhere(long size) implements Storage {
    @Override
    public String toString() {
      return PREFIX + size;
    }
  }

  private static Optional<Storage> read(String text) {
    return text.startsWith(PREFIX)
        ? ValueType.SIZE.reader().apply(text.substring(PREFIX.length())).map(Nowhere::new)
        : ValueType.PATH.reader().apply(text).map(File::new);
  }
}
