package io.ubiblk.examples.serve;

import io.ubiblk.examples.cli.ValueType;
import java.nio.file.Path;
import java.util.Optional;

/** Where a disk's data lives. */
sealed interface Storage {

  /** How {@code --file} is read. */
  ValueType<Storage> TYPE =
      new ValueType<>("a path, or null: and a size, such as null:10G", Storage::read);

  /** A file or block special file. */
  record File(Path path) implements Storage {}

  /** Nowhere: writes vanish, reads return anything. */
  record Nowhere(long size) implements Storage {}

  private static Optional<Storage> read(String text) {
    String prefix = "null:";
    return text.startsWith(prefix)
        ? ValueType.SIZE.reader().apply(text.substring(prefix.length())).map(Nowhere::new)
        : ValueType.PATH.reader().apply(text).map(File::new);
  }
}
