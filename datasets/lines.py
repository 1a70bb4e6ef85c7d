"""The lines of a CSV file: its delimiter, what stands above the column names, and the names themselves.

Python's `csv` splits the lines. What is decided here is what a file does not say about itself, and each decision that
could be wrong leaves a note.
"""

from __future__ import annotations

import csv
import io
import re
import string
from collections import Counter
from collections.abc import Sequence
from itertools import islice, pairwise
from typing import Any, NamedTuple

from datasets import encodings, numerals
from datasets.encodings import DELIMITERS
from datasets.numerals import Note
from spec import N_, Refused
from spec.limits import allowed

MAX_FIELDS = 2000  # columns of the file
MAX_LINE = 1_000_000  # characters; 2,000 columns take far fewer
MOST_ABOVE = 20  # lines above the column names
SAMPLE = 200  # lines that show how wide the table is, and what kind each column is
BLANK = string.whitespace + "\ufeff\u200b\u200e" + numerals.SPACES  # what may stand around a cell and be no part of it
HEADERS = ("names", "rows")  # what the first line holds, where the reader says so

_NOT_CLOSED = N_("A quotation mark in line {line} of the file seems not to be closed.")


class Lines(NamedTuple):
    """A file as cells: a name for each column, the rows, the delimiter between cells, and what is to be said of it.

    `named` is the number of the line that holds the names, 0 if none does.
    """

    header: list[str]
    rows: list[list[str]]
    delimiter: str
    notes: tuple[Note, ...]
    named: int = 0

    def cells_of(self, name: str) -> set[str]:
        """Return the different cells of a column."""
        place = self.header.index(name)
        return {row[place] for row in self.rows}


class Line(NamedTuple):
    """The cells of one line, and its number in the file."""

    number: int
    cells: list[str]


def read(content: bytes, encoding: str = "", header: str = "") -> Lines:
    """Return a file as cells; `encoding` (of `ENCODINGS`) and `header` (of `HEADERS`) are the reader's own choice."""
    if len(content) > allowed().upload * 1_000_000:
        text = N_("The file has {size} MB; the limit is {limit} MB. Keep fewer rows or columns.")
        raise Refused(text, size=f"{len(content) / 1e6:.1f}", limit=allowed().upload)
    text, notes = encodings.text(content, encoding)
    _check_length(text)
    named = re.match(r"sep=(.)\r?\n", text)  # Excel's way to say it
    if named:
        text = text[named.end() :]
    delimiter = named[1] if named and named[1] in DELIMITERS else _delimiter(text)
    lines = _split(text, delimiter, first=2 if named else 1)
    lines, above = _without_preamble(lines)
    lines = _even(lines)
    names, rows, said = _header(lines, header)
    if len(rows) > allowed().rows:
        text = N_("The file has more rows than the limit of {limit}. Remove some rows from the file.")
        raise Refused(text, limit=f"{allowed().rows:,}")
    named = lines[0].number if len(rows) < len(lines) else 0
    return Lines(_usable(names), rows, delimiter, (*notes, *above, *said), named)


# -- from text to lines


def _check_length(text: str) -> None:
    """Refuse a text that has no line ends where a table has them."""
    longest = max(map(len, io.StringIO(text, newline="")), default=0)
    if longest > MAX_LINE:
        text = N_("A line of the file has {count} characters. A CSV file must have one line for each row.")
        raise Refused(text, count=f"{longest:,}")


def _delimiter(text: str) -> str:
    """Return the delimiter that gives most of the first lines the same number of cells, and most cells as numbers.

    Spaces are one where they give clearly more numbers than any other, and what they leave of the other is decimal
    marks: in "1,5 2,5", but not in "1 200;1 500" or "0.5,red,note 1".
    """

    def fits(delimiter: str) -> tuple[float, int]:
        try:
            lines = [line for line in islice(_reader(text, delimiter), SAMPLE // 4) if any(line)]
        except csv.Error:
            return 0.0, 0
        width, count = Counter(map(len, lines)).most_common(1)[0] if lines else (0, 0)
        if width < 2:
            return 0.0, 0
        cells = [cell.strip() for line in lines for cell in line]
        clean = sum(map(numerals.looks, cells)) / len(cells)
        return count / len(lines) * (1 + clean), width

    best = max(DELIMITERS, key=fits)
    if fits(" ")[0] <= max(1.4, fits(best)[0] + 0.1):
        return best
    marked = [cell for line in islice(_reader(text, " "), SAMPLE // 4) for cell in line if best in cell]
    return " " if all(map(numerals.looks, marked)) else best


def _reader(text: str, delimiter: str) -> Any:
    return csv.reader(_physical(text, delimiter), delimiter=delimiter, skipinitialspace=True)


def _physical(text: str, delimiter: str) -> io.StringIO:
    """Return the lines of a text; white space between a delimiter and a quotation mark is no part of the cell."""
    if delimiter not in "\t " and '"' in text:
        text = re.sub(rf"(?<={re.escape(delimiter)})[ \t]*\t[ \t]*(?=\")", " ", text)
    return io.StringIO(text, newline="")


def _split(text: str, delimiter: str, first: int) -> list[Line]:
    """Return the lines that are not empty; `first` is the number of the first one."""
    lines: list[Line] = []
    spaced = '"' in text or bool(set(text) & (set(BLANK) - {"\n", "\r", delimiter}))
    physical = [*_physical(text, delimiter)]
    reader = csv.reader(physical, delimiter=delimiter, skipinitialspace=True)
    start = 0
    try:
        for cells in reader:
            if any("\n" in cell or "\r" in cell for cell in cells):
                _check_closed(physical[start : reader.line_num], delimiter, first + start)
            if spaced:
                cells = [cell.strip(BLANK) for cell in cells]
            if any(cells):
                lines.append(Line(first + start, cells))
                if len(lines) > allowed().rows + 1 + MOST_ABOVE:
                    break
            start = reader.line_num
    except csv.Error:
        raise _unreadable(physical[start], first + start) from None
    if not lines or max(len(line.cells) for line in lines[:SAMPLE]) < 2:
        raise Refused(N_("The file must have at least two columns, separated by commas, semicolons or tabs."))
    return lines


def _check_closed(record: Sequence[str], delimiter: str, number: int) -> None:
    """Refuse lines that are one row where a quotation mark is not closed, or closed by one that opens another cell."""
    try:
        for _row in csv.reader(record, delimiter=delimiter, skipinitialspace=True, strict=True):
            pass
    except csv.Error:
        raise Refused(_NOT_CLOSED, line=number) from None


def _unreadable(line: str, number: int) -> Refused:
    """Return why Python's `csv` gives up in a line: a cell is longer than it takes."""
    if len(line) > csv.field_size_limit() and line.count('"') % 2 == 0:
        return Refused(
            N_("Line {line} of the file has a cell of more than {limit} characters. Shorten it, or remove its column."),
            line=number, limit=f"{csv.field_size_limit():,}",
        )  # fmt: skip
    return Refused(
        N_("The file cannot be read as CSV from line {line} on. Is a quotation mark not closed?"), line=number
    )


def _without_preamble(lines: list[Line]) -> tuple[list[Line], list[Note]]:
    """Leave out titles and comments above the column names; a line of names may itself begin with #."""
    width = Counter(len(line.cells) for line in lines[:SAMPLE]).most_common(1)[0][0]
    start = 0
    while start < min(len(lines) - 1, MOST_ABOVE) and _stands_above(lines[start].cells, lines[start + 1].cells, width):
        start += 1
    if start == 0:
        skipped: list[Note] = []
    else:
        words = " / ".join(" ".join(filter(None, line.cells)) for line in lines[:start])[:80]
        skipped = [(N_("Skipped above the column names: {value}"), words)]
    first, *rest = lines[start:]
    if first.cells[0].startswith("#"):
        first = Line(first.number, [first.cells[0].lstrip("# \t"), *first.cells[1:]])
    return [first, *rest], skipped


def _stands_above(cells: list[str], below: list[str], width: int) -> bool:
    """Return whether a line is a title or a comment above a table of this width, and not the names of its columns."""
    names_below = not any(map(_is_number, below)) or _is_series(below)
    filled = sum(map(bool, cells))
    if cells[0].startswith("#"):
        return names_below or len(cells) != width or filled < len(cells)
    if len(cells) == 1:
        return width > 1
    return names_below and ((filled == 1 and bool(cells[0])) or (len(cells) != width and len(below) == width))


def _even(lines: list[Line]) -> list[Line]:
    """Return lines with as many cells as the first; empty cells after a last delimiter are taken off."""
    first = lines[0]
    width = len(first.cells)
    while width > 1 and not any(cell for line in lines for cell in line.cells[width - 1 : width]):
        width -= 1
    if width > MAX_FIELDS:
        text = N_("The file has {count} columns; the limit is {limit}. Remove some columns from the file.")
        raise Refused(text, count=f"{width:,}", limit=f"{MAX_FIELDS:,}")
    even: list[Line] = []
    for number, cells in lines:
        surplus = cells[width:]
        if len(cells) < width or any(surplus):
            if any("\n" in cell for cell in cells):
                raise Refused(_NOT_CLOSED, line=number)
            raise Refused(
                N_("Line {line} of the file has a different number of cells ({found}) from line {first} "
                   "({wanted}). All lines must have the same number of cells."),
                line=number, found=len(cells), first=first.number, wanted=len(first.cells),
            )  # fmt: skip
        even.append(Line(number, cells[:width]))
    if width < 2:
        raise Refused(N_("The file must have at least two columns, separated by commas, semicolons or tabs."))
    return even


# -- the names of the columns


def _is_number(cell: str) -> bool:
    return numerals.shape(cell) is not None


def _is_series(cells: Sequence[str]) -> bool:
    """Return whether the cells are years in order, or 0, 1, 2 ...: names of columns. The first may be empty."""
    named = cells[1:] if not cells[0] else cells
    if len(named) < 2 or not all(re.fullmatch(r"\d{1,4}", cell, re.ASCII) for cell in named):
        return False
    values = list(map(int, named))
    years = all(1800 <= value <= 2200 for value in values)
    steps = {b - a for a, b in pairwise(values)}
    return (years and (min(steps) > 0 or max(steps) < 0)) or (len(values) > 2 and values == list(range(len(values))))


def _header(lines: list[Line], asked: str) -> tuple[list[str], list[list[str]], list[Note]]:
    """Return the cells of the first line as names, or no names where it is a row itself, the rows, and a note."""
    first, rows = lines[0].cells, [line.cells for line in lines[1:]]
    below = list(zip(*rows[:SAMPLE], strict=True)) or [()] * len(first)
    if asked == "names":
        return first, rows, []
    if asked == "rows":
        return [""] * len(first), [first, *rows], []
    if _is_series(first) and not all(map(_is_series, rows[:20])):
        return first, rows, [(N_("The numbers of the first line are taken as column names: {value}"), _begin(first))]
    if not _is_row(first, below):
        return first, rows, []
    note = (N_("The first line is taken as data, not as column names: {value}"), _begin(first))
    return [""] * len(first), [first, *rows], [note]


def _begin(cells: Sequence[str]) -> str:
    return ", ".join(cells[:5])[:60] + (", …" if len(cells) > 5 else "")


def _is_row(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether a first line is data: all numbers, or numbers and words of the kind that stand below them."""
    if all(numerals.looks(cell) for cell in first) and any(map(_is_number, first)):
        index = list(below[0][:3])  # of words, or 0, 1, 2: then the first cell is empty because this has no name
        return bool(first[0]) or (all(map(_is_number, index)) and index not in (["0", "1", "2"], ["1", "2", "3"]))

    def over_numbers(column: Sequence[str]) -> bool:
        known = [cell for cell in column if cell.lower() not in numerals.MISSING]
        return bool(known) and sum(map(_is_number, known)) >= 0.9 * len(known)

    pairs = list(zip(first, below, strict=True))
    words = [(cell, column) for cell, column in pairs if cell and not _is_number(cell)]
    if any(over_numbers(column) for _, column in words):
        return False
    fractions = any(
        _is_number(cell) and not re.fullmatch(r"\d+", cell, re.ASCII) and over_numbers(column) for cell, column in pairs
    )
    repeated = [cell in column for cell, column in words]
    return fractions or (any(repeated) and len(words) < len(first)) or (all(repeated) and bool(words))


def _usable(first: Sequence[str]) -> list[str]:
    """Return a name for each column, no two alike."""
    header: list[str] = []
    for number, cell in enumerate(first, start=1):
        name = " ".join(re.sub(r"[~\x00-\x1f\x7f]", " ", cell).split())[:60] or f"column {number}"
        header.append(name if name not in header else f"{name} ({number})")
    repeated = [name for name, times in Counter(header).items() if times > 1]
    if repeated:
        raise Refused(N_("Two columns of the file have the name {name}. Give them different names."), name=repeated[0])
    return header
