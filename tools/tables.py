"""Make CSV files from known numbers, read them as a visitor's own table, and count what becomes of them.

    python -m tools.tables --count 10000 [--first 0]

Every file is written in a convention of its own: delimiter, decimal mark, thousands, quotation marks, encoding, words
for missing cells, names, titles, line ends, signs and units. It must come back as the numbers it was made from, or with
a sentence: a refusal, a question about the encoding, a column that is called uncertain or excluded. A file that shows
its decimal mark must come back as its numbers. The command prints how many files got which sentence, and the seeds of
those that were read wrongly; it fails if there are any.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import re
import sys
import unicodedata
from collections import Counter
from typing import NamedTuple

import numpy as np

from datasets.own import Column, parse
from spec import Refused

GROUPS = ("", "", "", " ", "\u00a0", "\u202f", "'", "other")
MISSING = ("", "NA", "N/A", "nan", "None", "<NA>", "-", "?")
UNITS = ("{}", "{}", "{}", "{}", "{}%", "{} %", "${}", "{} €", "₩{}")
KINDS = ("names", "none", "years", "nfd", "title", "comment", "comments")
WORDS = {"cp949": "키", "cp1252": "größe", "cp932": "高さ", "gb18030": "高度"}  # a name that shows the encoding
ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", *WORDS)


class Case(NamedTuple):
    """A file, the encoding to answer if it is asked for, and the numbers of each column, None where they are missing.

    `shown` says that a cell of the file can be read with one decimal mark only, and that all columns use this mark;
    then nothing is in doubt.
    """

    content: bytes
    encoding: str
    target: str
    numbers: dict[str, list[float | None]]
    shown: bool


class Result(NamedTuple):
    """What became of a file: sentences that were said about it, and what is wrong with it, "" if nothing is."""

    said: tuple[str, ...]
    wrong: str


def made(seed: int) -> Case:
    """Return the file of this seed."""
    draw = random.Random(seed)
    mark, delimiter = draw.choice(".,"), draw.choice([",", ",", ";", ";", "\t", "|", " "])
    group = draw.choice(GROUPS).replace("other", "," if mark == "." else ".")
    unit, minus, word = draw.choice(UNITS), draw.choice("--−"), draw.choice(MISSING)
    kind, encoding = draw.choice(KINDS), draw.choice(ENCODINGS)
    kind = "comment" if delimiter == " " and kind == "title" else kind  # whose words would be cells
    rows, width = draw.randint(20, 40), draw.randint(1, 4)
    if delimiter == " ":
        group, unit, word = group.strip(" \u00a0\u202f"), unit.replace(" ", ""), word or "NA"
    numbers, cells = [], []
    for _ in range(width):
        column = _column(draw, rows)
        numbers.append([None if value is None else float(value) for value in column])
        told = (word if value is None else unit.format(_written(value, mark, group)) for value in column)
        cells.append([text.replace("-", minus) if text != word else text for text in told])
    stem = "col" if kind != "nfd" and encoding not in WORDS else WORDS.get(encoding, "키")
    names = (
        [str(2019 + n) for n in range(width + 1)] if kind == "years" else [f"{stem}{n}" for n in range(width)] + ["y"]
    )
    target = [str(n % 2) for n in range(rows)]
    text = _file(draw, [] if kind == "none" else names, [*cells, target], delimiter)
    text = (
        {
            "title": "Results of group 3" + delimiter * width,
            "comment": "# exported",
            "comments": "# exported\n# by us",
        }.get(kind, "")
        + ("\n" if kind in ("title", "comment", "comments") else "")
        + text
    )
    text = text.replace("\n", draw.choice(["\n", "\n", "\r\n", "\r"]))
    if kind == "nfd" and encoding not in WORDS:
        text = unicodedata.normalize("NFD", text)
    try:
        content = text.encode(encoding)
    except UnicodeEncodeError:
        encoding, content = "utf-8", text.encode()
    if kind == "none":
        names = [f"column {n}" for n in range(1, width + 2)]
    shown = any(_shows(cell, mark, group) for column in cells for cell in column) and not (group == "'" and mark == "?")
    asked = encoding if encoding in WORDS and not text.isascii() else ""
    return Case(content, asked, names[-1], dict(zip(names, numbers, strict=False)), shown)


def _column(draw: random.Random, rows: int) -> list[str | None]:
    """Return different numbers as Python writes them, some of them missing."""
    digits, scale = draw.randint(0, 4), draw.choice([1, 10, 1000, 1_000_000])
    if digits == 0:
        scale = max(scale, 1000)
    column = [f"{value / 9999 * scale:.{digits}f}" for value in draw.sample(range(-9999, 9999), rows)]
    gone = draw.random() < 0.4
    return [None if gone and n % 7 == 3 else value for n, value in enumerate(column)]


def _written(value: str, mark: str, group: str) -> str:
    """Return a number with this decimal mark and these separators of thousands."""
    whole, _, part = value.partition(".")
    if group:
        whole = f"{int(whole):,}" if abs(int(whole)) > 999 else whole
    return whole.replace(",", group) + (mark + part if part else "")


def _file(draw: random.Random, names: list[str], cells: list[list[str]], delimiter: str) -> str:
    """Return names and columns as a file, with or without more quotation marks, spaces and delimiters than it needs."""
    out = io.StringIO()
    ends = draw.choice(["", "", "", "rows", "lines"]) if delimiter != " " else ""
    spaced = draw.random() < 0.2 and delimiter in ",;|"
    quoting = csv.QUOTE_ALL if draw.random() < 0.25 else csv.QUOTE_MINIMAL
    for number, row in enumerate([names, *zip(*cells, strict=True)] if names else zip(*cells, strict=True)):
        line = io.StringIO()
        csv.writer(line, delimiter=delimiter, lineterminator="", quoting=quoting).writerow(row)
        text = line.getvalue()
        if spaced:  # a delimiter within quotation marks stays as it is
            text = re.sub(rf'("[^"]*")|{re.escape(delimiter)}', lambda found: found[1] or delimiter + " ", text)
        ended = ends == "lines" or (ends == "rows" and (number > 0 or not names))
        out.write(text + (delimiter if ended else "") + "\n")
    return out.getvalue()


def _shows(cell: str, mark: str, group: str) -> bool:
    """Return whether a cell can be read with this decimal mark only."""
    whole, found, part = re.sub(r"[^\d.,' \u00a0\u202f]", "", cell).strip().partition(mark)
    if not found:
        return group in (".", ",") and whole.count(group) > 1
    return len(part) != 3 or whole.startswith("0") or len(whole) > 3


def judged(case: Case) -> Result:
    """Return what became of a file whose reader overrules nothing."""
    said: list[str] = []
    try:
        parsed = parse(case.content, case.target)
    except Refused as refusal:
        if not (case.encoding and "its encoding is uncertain" in refusal.text):
            return Result((f"refused: {refusal.text}",), f"refused: {refusal}" if case.shown else "")
        said.append("asked: the encoding")
        try:
            parsed = parse(case.content, case.target, encoding=case.encoding)
        except Refused as again:
            return Result((*said, f"refused: {again.text}"), f"refused: {again}" if case.shown else "")
    report = {column.name: column for column in parsed.report}
    rows = len(next(iter(case.numbers.values())))
    if len(parsed.y) != rows or set(report) != {*case.numbers, case.target}:
        return Result((*said,), f"{len(parsed.y)} rows of {rows}, columns {[*report]}")
    for name, numbers in case.numbers.items():
        column, doubt = report[name], _doubt(report[name])
        found = parsed.x[:, parsed.names.index(name)] if column.kind == "number" else np.empty(0)
        right = np.array_equal(found, np.array(numbers, float), equal_nan=True)
        said += [doubt] if doubt else []
        if (case.shown and not right) or not (right or doubt):
            return Result(tuple(said), f"{name}: {column.did.format(value=column.value)} {doubt}")
    return Result(tuple(dict.fromkeys(said)), "")


def _doubt(column: Column) -> str:
    """Return the sentence that calls a column uncertain or excludes it, "" if none does."""
    texts = [column.did, *(text for text, _value in column.notes)]
    return next((text for text in texts if text.startswith(("uncertain", "excluded"))), "")


def main() -> None:
    """Print what became of so many files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=10_000, help="files to make")
    parser.add_argument("--first", type=int, default=0, help="seed of the first file")
    asked = parser.parse_args()
    said: Counter[str] = Counter()
    wrong: dict[int, str] = {}
    shown = 0
    for seed in range(asked.first, asked.first + asked.count):
        case = made(seed)
        result = judged(case)
        shown += case.shown
        said.update(result.said or ["read as it was meant, without a doubt"])
        if result.wrong:
            wrong[seed] = result.wrong
    print(f"{asked.count:,} files, of which {shown:,} show their decimal mark")
    for sentence, count in said.most_common():
        print(f"{count:7,}  {sentence}")
    print(f"{len(wrong):7,}  read wrongly, or refused although nothing is in doubt")
    for seed, why in [*wrong.items()][:40]:
        print(f"    seed {seed}: {why}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
