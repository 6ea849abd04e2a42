package io.ubiblk.examples.top;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class GridTest {

  private final Grid grid =
      new Grid(
          new Grid.Column(false, 0, 4),
          new Grid.Column(true, 1, 0),
          new Grid.Column(true, 3, 5),
          new Grid.Column(false, 2, 0));

  @BeforeEach
  void fill() {
    grid.row(List.of("NAME", "A", "B", "C"));
    grid.row(List.of("one", "1", "22", "x"));
    grid.text("a text that is longer than everything else");
    grid.row(List.of("third", "333", "4", ""));
  }

  @Test
  void columnsAreAsWideAsTheirCells() {
    assertEquals(
        List.of(
            "NAME     A      B  C",
            "one      1     22  x",
            "a text that is longer than everything else",
            "third  333      4"),
        grid.lines(Integer.MAX_VALUE));
    assertEquals(grid.lines(Integer.MAX_VALUE), grid.lines(20));
  }

  @Test
  void theLeastImportantColumnsMakeRoom() {
    assertEquals("one       22  x", grid.lines(19).get(1));
    assertEquals("one       22", grid.lines(14).get(1));
    assertEquals("one", grid.lines(11).get(1));
  }

  @Test
  void whatIsAlwaysShownStaysHoweverNarrowItGets() {
    assertEquals("third", grid.lines(1).get(3));
  }

  @Test
  void textBehindTheFirstCellBeginsWhereTheSecondColumnDoes() {
    grid.row("longest", "why there is no more");
    assertEquals("longest  why there is no more", grid.lines(1).get(4));
    assertEquals("one        1     22  x", grid.lines(80).get(1));
  }

  @Test
  void rowsHaveACellForEachColumn() {
    assertThrows(IllegalArgumentException.class, () -> grid.row(List.of("a", "b")));
  }
}
