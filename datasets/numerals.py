"""The cells of a column as numbers: signs, units, thousands, and the decimal mark that the column or the file uses.

"1,234" may be 1234 or 1.234. A cell that can be read in one way only, such as "0,5" or "1,234.5", shows what the marks
mean; it decides for its whole column, and for columns of the same file that have no such cell. What remains open is
read in the likelier way, and a note says so.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from spec import N_

Note = tuple[str, str]  # a sentence marked with `N_`, and what stands in it for {value}

MAX_NUMBER = 1e30  # beyond it, squares are too large
MARKS = (".", ",")

# Cells that stand for no value, in lower case. Some of them may be the name of a class, see `datasets.targets`.
NOTHING = frozenset((
    "", "nan", "<na>", "null", "?", "#n/a", "#null!", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "nat",
))  # fmt: skip
NAMELIKE = frozenset(("na", "n/a", "n.a.", "none", "-", "--", "–", "—", "−"))
MISSING = NOTHING | NAMELIKE

SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
SIGNS = str.maketrans(
    {"＋": "+", "％": "%", "﹪": "%", "’": "'", "．": ".", "，": ","}
    | dict.fromkeys("−‐‑‒–﹣－", "-")
    | dict.fromkeys(SPACES, " ")
    | {chr(0xFF10 + digit): str(digit) for digit in range(10)}
)
CURRENCY = r"US ?\$|[$€£¥￥₩￦₹₽₺₫฿₪₴¢]|USD|EUR|KRW|GBP|JPY|CNY|CHF|원|円|元"
CELL = re.compile(
    rf"(?P<open>\()?(?P<sign>[+-]?) ?(?P<before>{CURRENCY})? ?(?P<inner>[+-]?) ?(?P<body>[\d.,' ]*\d\.?)"
    rf"(?P<exponent>[eE][+-]?\d+)? ?(?P<after>%|‰|{CURRENCY})?(?P<close>\))?",
    re.ASCII,
)


def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    """Match a number with this decimal mark: plain, or in groups of three digits with one separator throughout."""
    point, comma = re.escape(decimal), re.escape(thousands)
    last = rf"(?:{point}(?P<part>\d*))?" if decimal == "." else rf"(?:{point}(?P<part>\d+))?"
    groups = rf"[1-9]\d{{0,2}}(?P<by>[{comma}' ])\d{{3}}(?:(?P=by)\d{{3}})*|[1-9]\d?(?:{comma}\d\d)+{comma}\d{{3}}|\d+"
    return re.compile(rf"(?P<whole>{groups}){last}|{point}(?P<alone>\d+)", re.ASCII)


PATTERNS = {".": _pattern(".", ","), ",": _pattern(",", ".")}

MONTH = r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[A-Za-z]*"
PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
SIMPLE = re.compile(r"[+-]?(0|\d{1,15})\.(\d{1,2}|\d{4,20})", re.ASCII)  # no thousands, for they have three digits

# Words, one a line, that Python and this module read alike if the decimal mark is the point; and the words among them
# that cannot be read with a decimal comma, so that they show what the mark is.
COMMON = re.compile(r"(?:[+-]?\d{1,15}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,2})?(?:\n|\Z))++", re.ASCII)
POINTED = re.compile(r"^[+-]?(?:0\d*\.|\d{4,}\.|\d+\.(?:\d{1,2}|\d{4,})(?!\d)|\d+\.\d+[eE])", re.ASCII | re.MULTILINE)

DATE = re.compile(
    r"\d{2,4}[-/.] ?\d{1,2}[-/.] ?\d{1,4}\.?([T ]+.*)?|\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?"
    r"|\d{2,4}년 ?\d{1,2}월( ?\d{1,2}일)?.*|\d{2,4}年 ?\d{1,2}月( ?\d{1,2}日)?.*"
    rf"|\d{{1,2}}[- ./]? ?{MONTH}[- .,/]+\d{{2,4}}.*|{MONTH}\.? \d{{1,2}},? \d{{4}}.*"
)
DAY = re.compile(
    r"(?:(?P<y>\d{4})[-/.년年] ?(?P<m>\d{1,2})[-/.월月] ?(?P<d>\d{1,2})[일日.]?"
    r"|(?P<a>\d{1,2})[-/.] ?(?P<b>\d{1,2})[-/.] ?(?P<c>\d{4}))"
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?.*)?"
)


class Shape(NamedTuple):
    """What a cell can mean: its number if the decimal mark is the point, and if it is the comma; nan where it is none.

    `mark` is the decimal mark that the cell shows, "" where it shows none; it is `open` where it is one number with a
    decimal point and another with a decimal comma. `unit` is its currency or per cent sign; `plain` says that nothing
    had to be taken off or converted.
    """

    point: float
    comma: float
    mark: str = "."
    open: bool = False
    unit: str = ""
    plain: bool = True


class Convention(NamedTuple):
    """What a file says about its numbers: the marks that its cells show, its delimiter, and the reader's own choice."""

    marks: frozenset[str] = frozenset()
    delimiter: str = ","
    chosen: str = ""


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of a column, each text kept once: row i has the text `words[codes[i]]`; `codes` is [rows]."""

    words: tuple[str, ...]
    codes: np.ndarray

    @classmethod
    def of(cls, cells: Sequence[str]) -> Cells:
        """Return these cells, with their words in the order in which they come."""
        index = {word: code for code, word in enumerate(dict.fromkeys(cells))}
        return cls(tuple(index), np.fromiter(map(index.__getitem__, cells), np.intp, len(cells)))

    def of_rows(self, rows: np.ndarray) -> Cells:
        """Return the cells of these rows [rows], a mask."""
        used, codes = np.unique(self.codes[rows], return_inverse=True)
        return Cells(tuple(self.words[code] for code in used), codes)

    @cached_property
    def times(self) -> np.ndarray:
        """How many rows have each word [words]."""
        return np.bincount(self.codes, minlength=len(self.words))

    @cached_property
    def texts(self) -> np.ndarray:
        """The cells as text [rows], an array of objects."""
        return np.array([*self.words, ""], object)[self.codes]

    def missing(self, words: frozenset[str] = MISSING) -> np.ndarray:
        """Return which rows [rows] have one of these words, in lower case."""
        return np.array([word.lower() in words for word in self.words], bool)[self.codes]

    @cached_property
    def known(self) -> tuple[str, ...]:
        """The words that do not stand for a missing value."""
        return tuple(word for word in self.words if word.lower() not in MISSING)

    @cached_property
    def common(self) -> bool:
        """Whether all known words are plain numbers, of which one shows a decimal point where any has a point."""
        text = "\n".join(self.known)
        alone = text.count("\n") < max(1, len(self.known))  # no word has a line break in it
        return alone and COMMON.fullmatch(text) is not None and ("." not in text or POINTED.search(text) is not None)

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """What each word that is a number can mean."""
        return {word: one for word in self.words if (one := shape(word)) is not None}

    def number_of(self, words: Iterable[str]) -> int:
        """Return how many rows have one of these words of the column."""
        wanted = set(words)
        return int(sum(times for word, times in zip(self.words, self.times.tolist(), strict=True) if word in wanted))

    @cached_property
    def shown(self) -> frozenset[str]:
        """The decimal marks that its words show."""
        if self.common:
            return frozenset("." if any("." in word for word in self.known) else "")
        return frozenset(one.mark for one in self.shapes.values()) - {""}


class Numbers(NamedTuple):
    """Cells as numbers [rows], nan where they are none, and what has to be said about them.

    `found` of the cells look like numbers. `unsure` is the reason why they should not be used as they are, where there
    is one.
    """

    values: np.ndarray
    found: int
    notes: tuple[Note, ...]
    unsure: Note | None


@lru_cache(50_000)
def shape(cell: str) -> Shape | None:
    """Return what a cell can mean as a number, None where it is none."""
    if cell.isascii() and cell.isdigit() and len(cell) < 16:  # most cells of most files, quickly
        return Shape(float(cell), float(cell), "")
    if SIMPLE.fullmatch(cell):
        return Shape(float(cell), math.nan)
    found = CELL.fullmatch(cell.translate(SIGNS))
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    signs, units = found["sign"] + found["inner"], [unit for unit in (found["before"], found["after"]) if unit]
    if len(signs) + bool(found["open"]) > 1 or len(units) > 1:
        return None
    negative = signs == "-" or bool(found["open"])
    point, comma = (_value(found["body"], mark, found["exponent"] or "", negative) for mark in MARKS)
    if math.isnan(point) and math.isnan(comma):
        return None
    mark = "." if math.isnan(comma) else "," if math.isnan(point) else ""
    return Shape(
        point, comma, mark, not mark and point != comma, units[0] if units else "", PLAIN.fullmatch(cell) is not None
    )


def _value(body: str, mark: str, exponent: str, negative: bool) -> float:
    """Return digits with this decimal mark as a number; nan where they are none, or too large to be squared."""
    found = PATTERNS[mark].fullmatch(body)
    if found is None or (exponent and found["by"]):
        return math.nan
    whole = re.sub(r"\D", "", found["whole"] or "0")
    value = float(f"{whole}.{found['part'] or found['alone'] or '0'}{exponent}")
    return math.nan if value > MAX_NUMBER else -value if negative else value


def looks(cell: str) -> bool:
    """Return whether a cell is a number, or stands for a missing one."""
    return cell.lower() in MISSING or shape(cell) is not None


def marks(columns: Iterable[Cells], share: float) -> frozenset[str]:
    """Return the decimal marks that the cells of a file show, in columns of which this share are numbers."""
    found: set[str] = set()
    for cells in columns:
        if cells.common or (cells.shapes and cells.number_of(cells.shapes) >= share * cells.number_of(cells.known)):
            found |= cells.shown
    return frozenset(found)


def numbers(cells: Cells, convention: Convention) -> Numbers:
    """Return the cells of one column as numbers; a cell that stands for nothing is none."""
    if cells.common and not (convention.chosen == "," and cells.shown):
        return _common(cells)
    shapes, shown = cells.shapes, cells.shown
    opened = [cell for cell, one in shapes.items() if one.open]
    mark, doubt = _decided(shown, convention, shapes)

    def value(one: Shape | None) -> float:
        if one is None or (one.open and not mark):
            return math.nan
        return one.comma if one.mark == "," or (one.open and mark == ",") else one.point

    values = {cell: value(shapes.get(cell)) for cell in cells.words}
    notes: list[Note] = []
    if len(shown) == 2:
        notes.append((N_("decimal points and decimal commas occur, and both are read as decimal marks"), ""))
    odd = opened if opened and mark and (doubt or mark == ",") else [c for c, one in shapes.items() if not one.plain]
    if odd:
        text = (
            N_("uncertain: {value}; if this is wrong, choose the decimal mark") if doubt else N_("for example, {value}")
        )
        notes.append((text, _example(odd[0], values[odd[0]]) if mark or not shapes[odd[0]].open else odd[0]))
    read = np.array([*values.values(), np.nan], float)[cells.codes]
    return Numbers(read, cells.number_of(shapes), tuple(notes), _unsure(shapes, opened, mark))


def _common(cells: Cells) -> Numbers:
    """Return cells that Python reads as they are meant, quickly: most columns of most files."""
    known = frozenset(cells.known)
    values = np.array([float(word) if word in known else np.nan for word in cells.words] + [np.nan])
    values[np.abs(values) > MAX_NUMBER] = np.nan
    read = values[cells.codes]
    return Numbers(read, int(np.isfinite(read).sum()), (), None)


def _some_are_whole(shapes: dict[str, Shape]) -> bool:
    """Return whether some cells are below 1000 and have no mark at all, as in a column with separated thousands."""
    return any(one.plain and "." not in cell and abs(one.point) < 1000 for cell, one in shapes.items())


def _decided(shown: frozenset[str], file: Convention, shapes: dict[str, Shape]) -> tuple[str, bool]:
    """Return the decimal mark of a column, "" where its cells contradict one another, and whether that is a guess.

    The cells of the column decide, then those of the other columns. Without either, a point is a decimal point; a comma
    separates thousands in a file with commas between its cells, and is a decimal comma where semicolons stand there.
    """
    separators = {mark for cell, one in shapes.items() if one.open for mark in MARKS if mark in cell.translate(SIGNS)}
    if file.chosen:
        return file.chosen, False
    if len(shown) == 1:
        return next(iter(shown)), False
    if len(shown) == 2:
        return "", False
    if len(file.marks) == 1:
        mark = next(iter(file.marks))
        return mark, mark == "." and "," in separators and file.delimiter == ";"
    if separators <= {"."}:
        return ".", bool(separators)
    if separators == {",", "."}:
        return "", False
    if file.delimiter == ",":
        return ".", True
    return ("." if file.delimiter != ";" and _some_are_whole(shapes) else ","), True


def _example(cell: str, value: float) -> str:
    return f"{cell} → {value:.12g}"


def _unsure(shapes: dict[str, Shape], opened: list[str], mark: str) -> Note | None:
    """Return why a column should not be used as numbers: unlike units, or cells that can be read in two ways."""
    if opened and not mark:
        return N_("excluded: {value} may have a decimal comma or separated thousands; choose the decimal mark"), opened[
            0
        ]
    units = sorted({one.unit for one in shapes.values()})
    bare = any(not one.unit and one.point != 0 for one in shapes.values())
    signs = [unit for unit in units if unit]
    if len(signs) > 1 or (bare and {"%", "‰"} & set(signs)):
        cells = [next(cell for cell, one in shapes.items() if one.unit == unit) for unit in units][:4]
        return N_("excluded: the cells have different units ({value}); convert them to one unit"), ", ".join(cells)
    return None


def is_date(cell: str) -> bool:
    """Return whether a cell is a date or a time of day."""
    return DATE.fullmatch(cell) is not None


def days(cells: Sequence[str]) -> np.ndarray:
    """Return dates as days since 1970-01-01, nan where a cell is none.

    Where the year comes last, the whole column must show whether the day or the month comes first; else all are nan.
    """
    found = [DAY.fullmatch(cell) for cell in cells]
    first, second = (max((int(one[part]) for one in found if one and one[part]), default=0) for part in "ab")
    order = "ba" if first > 12 else "ab" if second > 12 else ""

    def day(one: re.Match[str] | None) -> float:
        if one is None or not (one["y"] or order):
            return np.nan
        year, month, number = (one[part] for part in ("ymd" if one["y"] else "c" + order))
        clock = [int(one[part] or 0) for part in ("hour", "minute", "second")]
        try:
            date = datetime.date(int(year), int(month), int(number))
        except ValueError:
            return np.nan
        return date.toordinal() - datetime.date(1970, 1, 1).toordinal() + np.dot(clock, (3600, 60, 1)) / 86_400

    return np.array([day(one) for one in found], float)
