package io.ubiblk.examples.top;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Lays cells out in columns as wide as what stands in them. Where that is wider than there is room,
 * columns are left out, the least important ones first.
 */
final class Grid {

  private static final String GAP = "  ";

  private final List<Column> columns;
  private final List<Row> rows = new ArrayList<>();

  /**
   * A column.
   *
   * @param toTheRight whether its cells are numbers, which line up at their ends
   * @param importance columns of less importance go first; 0 is never left out
   * @param width least width in characters, so that columns do not jump about
   */
  record Column(boolean toTheRight, int importance, int width) {}

  /** Cells; the last one goes across all columns that are left. */
  private record Row(List<String> cells) {}

  Grid(Column... columns) {
    this.columns = List.of(columns);
  }

  /** Adds a row, a cell for each column. */
  void row(List<String> cells) {
    if (cells.size() != columns.size()) {
      throw new IllegalArgumentException(
          cells.size() + " cells, expected one for each of " + columns.size() + " columns");
    }
    rows.add(new Row(List.copyOf(cells)));
  }

  /** Adds a row that has a cell in the first column only, and a text behind it. */
  void row(String cell, String text) {
    rows.add(new Row(List.of(cell, text)));
  }

  /** Adds a line that is no part of the columns. */
  void text(String line) {
    rows.add(new Row(List.of(line)));
  }

  /** Returns the lines, which fit into so many characters if leaving columns out makes them fit. */
  List<String> lines(int room) {
    int[] widths = widths();
    boolean[] shown = new boolean[widths.length];
    Arrays.fill(shown, true);
    while (width(widths, shown) > room && hideOne(shown)) {}
    return rows.stream().map(row -> line(row, widths, shown)).toList();
  }

  private int[] widths() {
    int[] widths = columns.stream().mapToInt(Column::width).toArray();
    for (Row row : rows) {
      int own = row.cells().size();
      for (int i = 0; i < (own < widths.length ? own - 1 : own); i++) {
        widths[i] = Math.max(widths[i], row.cells().get(i).length());
      }
    }
    return widths;
  }

  private static int width(int[] widths, boolean[] shown) {
    int width = -GAP.length();
    for (int i = 0; i < widths.length; i++) {
      width += shown[i] ? widths[i] + GAP.length() : 0;
    }
    return width;
  }

  private boolean hideOne(boolean[] shown) {
    int least = -1;
    for (int i = 0; i < shown.length; i++) {
      int importance = columns.get(i).importance();
      if (shown[i]
          && importance > 0
          && (least < 0 || importance < columns.get(least).importance())) {
        least = i;
      }
    }
    if (least >= 0) {
      shown[least] = false;
    }
    return least >= 0;
  }

  private String line(Row row, int[] widths, boolean[] shown) {
    int own = row.cells().size();
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < own; i++) {
      String cell = row.cells().get(i);
      if (i == own - 1 && own < widths.length) {
        line.append(cell);
      } else if (shown[i]) {
        String padding = " ".repeat(widths[i] - cell.length());
        line.append(columns.get(i).toTheRight() ? padding + cell : cell + padding).append(GAP);
      }
    }
    return line.toString().stripTrailing();
  }
}
