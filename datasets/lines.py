"""The lines of a CSV file: its encoding, its delimiter, what stands above the column names, and the names themselves.

Python's `csv` splits the lines. What is decided here is what a file does not say about itself, and each decision that
could be wrong leaves a note; a file that is neither UTF-8 nor UTF-16 is read only where its encoding is plain.
"""

from __future__ import annotations

import csv
import io
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import islice, pairwise
from typing import Any, NamedTuple

from datasets import numerals
from datasets.numerals import Note
from spec import N_, Refused
from spec.limits import allowed

MAX_FIELDS = 2000  # columns of the file
MOST_ABOVE = 20  # lines above the column names
SAMPLE = 200  # lines that show how wide the table is, and what kind each column is
BLANK = string.whitespace + "\ufeff\u200b\u200e" + numerals.SPACES  # what may stand around a cell and be no part of it
DELIMITERS = (",", ";", "\t", "|")
HEADERS = ("names", "rows")  # what the first line holds, where the reader says so

ENCODINGS = {
    "utf-8": N_("Unicode (UTF-8)"),
    "utf-16": N_("Unicode (UTF-16)"),
    "cp949": N_("Korean (CP949, EUC-KR)"),
    "cp932": N_("Japanese (Shift-JIS)"),
    "euc_jp": N_("Japanese (EUC-JP)"),
    "gb18030": N_("Chinese, simplified (GBK)"),
    "big5": N_("Chinese, traditional (Big5)"),
    "cp1252": N_("Western European (Latin-1)"),
    "cp1250": N_("Central European"),
    "cp1251": N_("Cyrillic"),
}
UNICODE = ("utf-8", "utf-16")
# How most Korean syllables are built. Chinese or Japanese text that is read as Korean has many others.
USUAL_VOWELS, USUAL_ENDS = (
    frozenset("ㅏㅐㅑㅓㅔㅕㅗㅘㅚㅛㅜㅝㅟㅠㅡㅢㅣㅖ"),
    frozenset((0, 1, 4, 8, 16, 17, 19, 20, 21)),
)
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
DOUBLED = frozenset((1, 4, 8, 10, 13))  # among the 19 initial consonants


class Lines(NamedTuple):
    """A file as cells: a name for each column, the rows, the delimiter between cells, and what is to be said of it."""

    header: list[str]
    rows: list[list[str]]
    delimiter: str
    notes: tuple[Note, ...]


class Line(NamedTuple):
    """The cells of one line, and its number in the file."""

    number: int
    cells: list[str]


def read(content: bytes, encoding: str = "", header: str = "") -> Lines:
    """Return a file as cells; `encoding` (of `ENCODINGS`) and `header` (of `HEADERS`) are the reader's own choice."""
    if len(content) > allowed().upload * 1_000_000:
        text = N_("The file has {size} MB; the limit is {limit} MB. Keep fewer rows or columns.")
        raise Refused(text, size=f"{len(content) / 1e6:.1f}", limit=allowed().upload)
    text, notes = _text(content, encoding)
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
    return Lines(_usable(names), rows, delimiter, (*notes, *above, *said))


# -- from bytes to text


def possible(content: bytes) -> dict[str, str]:
    """Return the encodings in which a file can be read, each with some of its words that are not plain ASCII."""
    if _unicode(content) is not None:
        return {}
    found = {name: _strictly(content, name) for name in ENCODINGS if name not in UNICODE}
    return {name: _words(text) for name, text in found.items() if text is not None}


def _words(text: str, most: int = 4) -> str:
    """Return the first words of a text that are not plain ASCII."""
    words = dict.fromkeys(re.findall(r"\w*[^\x00-\x7f][^\s,;|\"]*", text[:100_000]))
    return ", ".join(word[:20] for word in islice(words, most))


def _text(content: bytes, encoding: str) -> tuple[str, list[Note]]:
    """Return a file as text, composed (NFC), so that letters are alike however they were typed."""
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        text = N_("This is a spreadsheet file or an archive, not a CSV file. Save the table as CSV first.")
        raise Refused(text)
    text, notes = _unicode(content), []
    if encoding and (text is None or encoding not in UNICODE):
        text = _strictly(content, encoding)
        if text is None:
            raise Refused(N_("The file cannot be read in the encoding {name}. Choose another one."), name=encoding)
    elif text is None:
        text = _strictly(content, "cp949")
        if text is None or not _korean(text):
            if not possible(content):
                raise Refused(N_("This is not a text file. Save it as CSV in UTF-8 first."))
            raise Refused(N_("The file is not in UTF-8, and its encoding is uncertain. Choose the encoding that shows "
                             "its words correctly."))  # fmt: skip
        notes.append((N_("The file is not in UTF-8; it was read as Korean (CP949): {value}"), _words(text)))
    return unicodedata.normalize("NFC", text), notes


def _unicode(content: bytes) -> str | None:
    """Return the text of a file in UTF-8 or UTF-16, None for any other."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _strictly(content, "utf-16")
    text = _strictly(content, "utf-8-sig")
    if text is None and b"\x00" in content:  # UTF-16 without its mark: line ends and delimiters have a zero byte
        both = (_strictly(content, name) for name in ("utf-16-le", "utf-16-be"))
        text = next(
            (one for one in both if one is not None and "\n" in one and any(d in one for d in DELIMITERS)), None
        )
    return text


def _strictly(content: bytes, encoding: str) -> str | None:
    """Return the text in this encoding, None where it does not fit: no table has control or private characters."""
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None
    odd = any(
        unicodedata.category(c) in ("Cc", "Co", "Cn", "Cs") for c in set(text) - set("\t\n\r\x0b\x0c\x1a\x1c\x1f")
    )
    return None if odd else text


def _korean(text: str) -> bool:
    """Return whether a text that was read as CP949 is Korean: syllables built as usual, and no other script."""
    foreign = [c for c in text if c > "\x7f" and unicodedata.category(c).startswith("L")]
    if not foreign or not all("가" <= c <= "힣" for c in foreign):
        return False

    def usual(syllable: str) -> bool:
        initial, rest = divmod(ord(syllable) - ord("가"), 588)
        vowel, end = divmod(rest, 28)
        return initial not in DOUBLED and VOWELS[vowel] in USUAL_VOWELS and end in USUAL_ENDS

    syllables = "".join(set(re.findall("[가-힣]+", text)))  # of each word once
    return sum(map(usual, syllables)) >= 0.85 * len(syllables) and _encodes(syllables)


def _encodes(text: str) -> bool:
    """Return whether the 2,350 syllables of the older standard KS X 1001 are enough for a text, as for most Korean."""
    try:
        text.encode("euc_kr")
    except UnicodeEncodeError:
        return False
    return True


# -- from text to lines


def _delimiter(text: str) -> str:
    """Return the delimiter that gives most of the first lines the same number of cells, and most cells as numbers."""

    def fits(delimiter: str) -> tuple[float, int]:
        try:
            lines = [line for line in islice(_reader(text, delimiter), 50) if any(line)]
        except csv.Error:
            return 0.0, 0
        width, count = Counter(map(len, lines)).most_common(1)[0] if lines else (0, 0)
        if width < 2:
            return 0.0, 0
        cells = [cell.strip() for line in lines for cell in line]
        clean = sum(map(numerals.looks, cells)) / len(cells)
        return count / len(lines) * (1 + clean), width

    return max(DELIMITERS, key=fits)


def _reader(text: str, delimiter: str) -> Any:
    """Return a reader of a text; white space between a delimiter and a quotation mark is no part of the cell."""
    if delimiter != "\t":
        text = re.sub(rf"(?<={re.escape(delimiter)})[ \t]*\t[ \t]*(?=\")", " ", text)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)


def _split(text: str, delimiter: str, first: int) -> list[Line]:
    """Return the lines that are not empty; `first` is the number of the first one."""
    most = allowed().rows
    lines: list[Line] = []
    reader = _reader(text, delimiter)
    number = first
    try:
        for cells in islice(reader, most * 2):
            cells = [cell.strip(BLANK) for cell in cells]
            if any(cells):
                lines.append(Line(number, cells))
                if len(lines) > most + 1 + MOST_ABOVE:
                    break
            number = first + reader.line_num
    except csv.Error:
        raise Refused(
            N_("The file cannot be read as CSV from line {line} on. Is a quotation mark not closed?"),
            line=first - 1 + reader.line_num,
        ) from None
    if not lines or max(len(line.cells) for line in lines[:SAMPLE]) < 2:
        raise Refused(N_("The file must have at least two columns, separated by commas, semicolons or tabs."))
    return lines


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
                text = N_("A quotation mark in line {line} of the file seems not to be closed.")
                raise Refused(text, line=number)
            text = N_("Line {line} of the file has a different number of cells ({found}) from line {first} ({wanted}). "
                      "All lines must have the same number of cells.")  # fmt: skip
            raise Refused(text, line=number, found=len(cells), first=first.number, wanted=len(first.cells))
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
