"""The part of a script that reads a visitor's own table, encodes it with scikit-learn, and judges new rows.

The script reads the visitor's file where `pandas.read_csv` reads it as the app does, which is tried, and otherwise a
file `table.csv` of the same columns, written plainly. Names come into a script as literals, and only if they consist of
letters, digits and a few harmless signs; otherwise the columns of `table.csv` are numbered.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from datasets import lines, numerals
from datasets.columns import NOTHING
from datasets.own import Own
from experiments.fit import Fit

TAME = re.compile(r"(?!.*\w\()[\w .,:/%°()+-]{1,60}")
FILE = re.compile(r"[\w -][\w .-]*\.(csv|tsv|txt)")
PLAIN_FILE = "table.csv"
WIDTH = 110  # of a line


class Source(NamedTuple):
    """The file a script reads, what its columns are called there, and the arguments of `pandas.read_csv` as text.

    `columns` are the names of the columns in use and of the target, with "number", "category" or "target".
    """

    file: str
    content: bytes
    columns: tuple[tuple[str, str], ...]
    arguments: tuple[str, ...]


def source(data: Own) -> Source:
    """Return the visitor's own file if pandas reads it as the app did, else a plain one; kept as long as the sheet."""
    kept = vars(data.sheet)
    if "source" not in kept:
        kept["source"] = _source(data)
    return kept["source"]


def _source(data: Own) -> Source:
    used = tuple((column.name, column.kind) for column in data.sheet.parsed.report if column.kind != "dropped")
    tame = all(TAME.fullmatch(name) for name, _ in used)
    if tame and FILE.fullmatch(data.title) and unicodedata.is_normalized("NFC", data.title):
        for arguments in _ways(data, used):
            one = Source(data.title, data.sheet.csv, used, arguments)
            if _reads(one, data):
                return one
    return _plain(data, used, tame)


def _ways(data: Own, used: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, ...]]:
    """Yield arguments with which `pandas.read_csv` may read the file."""
    sheet, raw = data.sheet, data.sheet.parsed.raw
    read = lines.read(sheet.csv, sheet.encoding, sheet.header)
    cells = {cell for name, _ in used for cell in read.cells_of(name) if cell.lower() in numerals.MISSING}
    named = () if not read.named else (f"skiprows={read.named - 1}",)
    if not read.named or set(raw) != set(read.header):
        return
    for encoding in dict.fromkeys(("utf-8-sig", "utf-16", sheet.encoding or "cp949")):
        for decimal in numerals.MARKS:
            for thousands in ("", "," if decimal == "." else "."):
                told = {"sep": read.delimiter, "encoding": encoding, "decimal": decimal, "thousands": thousands}
                usual = {"sep": ",", "decimal": ".", "encoding": "utf-8", "thousands": ""}
                written = [f"{name}={json.dumps(value)}" for name, value in told.items() if value != usual[name]]
                skipped = [one for one in named if one != "skiprows=0"]
                yield (*written, *skipped, "skipinitialspace=True", *_missing(cells))


def _missing(cells: set[str]) -> tuple[str, ...]:
    return "keep_default_na=False", f"na_values={json.dumps(sorted(cells | {''}), ensure_ascii=False)}"


def _reads(one: Source, data: Own) -> bool:
    """Return whether pandas reads the file with these arguments as the app did."""
    import pandas as pd

    how: dict[str, Any] = {}
    for argument in one.arguments:
        name, _, value = argument.partition("=")
        how[name] = json.loads(value.lower() if value in ("True", "False") else value)
    texts = [name for name, kind in one.columns if kind == "category" or (kind == "target" and _words(data))]
    try:
        table: Any = pd.read_csv(io.BytesIO(one.content), dtype=dict.fromkeys(texts, object), low_memory=False, **how)
        target = next(name for name, kind in one.columns if kind == "target")
        table = table.dropna(subset=[target])
        return all(_same(table[name], kind, name, data) for name, kind in one.columns)
    except (ValueError, KeyError, UnicodeError):  # pandas raises these where a file is not written in this way
        return False


def _words(data: Own) -> bool:
    """Return whether the classes of the target are words, not numbers."""
    return not all(numerals.COMMON.fullmatch(name) for name in data.classes)


def _same(column: Any, kind: str, name: str, data: Own) -> bool:
    """Return whether a column as pandas read it is that of the app."""
    parsed = data.sheet.parsed
    expected = _values(kind, name, data)
    if len(column) != len(expected):
        return False
    if kind == "category":
        return np.array_equal(column.fillna(NOTHING).to_numpy(object), expected)
    if kind == "target" and parsed.classes:
        return np.array_equal(np.unique(column.to_numpy(), return_inverse=True)[1], parsed.y)
    return column.dtype != object and np.allclose(
        column.to_numpy(float), expected.astype(float), rtol=1e-12, atol=0, equal_nan=True
    )


def _values(kind: str, name: str, data: Own) -> np.ndarray:
    """Return the values [rows] of a column as they are encoded or used: words, or numbers with nan."""
    parsed = data.sheet.parsed
    if kind == "number":
        return parsed.x[:, parsed.names.index(name)]
    if kind == "target" and not parsed.classes:
        return parsed.y
    cells = parsed.raw[name].to_numpy(object)
    if kind == "target":
        return cells if _words(data) else np.array([float(data.classes[one]) for one in parsed.y])
    missing = np.array([cell.lower() in numerals.MISSING for cell in cells])
    return np.where(missing, NOTHING, cells)


def _plain(data: Own, used: tuple[tuple[str, str], ...], tame: bool) -> Source:
    """Return the table as a plain file: UTF-8, commas, decimal points, an empty cell for a missing number."""
    numbered = ["target" if kind == "target" else f"column {n}" for n, (_, kind) in enumerate(used, start=1)]
    names = [name for name, _ in used] if tame else numbered
    columns = [list(map(_cell, _values(kind, name, data).tolist())) for name, kind in used]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(zip(*columns, strict=True))
    kinds = tuple((name, kind) for name, (_, kind) in zip(names, used, strict=True))
    return Source(PLAIN_FILE, out.getvalue().encode(), kinds, ("keep_default_na=False", 'na_values=[""]'))


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else "" if np.isnan(value) else repr(value).removesuffix(".0")


# -- the text


def _literal(names: list[str]) -> str:
    return json.dumps(names, ensure_ascii=False)


def _listed(name: str, values: list[str]) -> list[str]:
    """Return the lines that give a list a name."""
    line = f"{name} = {_literal(values)}"
    each = [f"    {json.dumps(value, ensure_ascii=False)}," for value in values]
    return [line] if len(line) <= WIDTH else [f"{name} = [", *each, "]"]


def table(data: Own) -> list[str]:
    """Return the lines that read the file: `table`, the targets `y`, and `labels` of classes."""
    one = source(data)
    words = [name for name, kind in one.columns if kind == "category"]
    target = next(name for name, kind in one.columns if kind == "target")
    texts = (["*WORDS"] if words else []) + (["TARGET"] if _words(data) else [])
    typed = [f"dtype=dict.fromkeys([{', '.join(texts)}], object)"] if texts else []
    given = [json.dumps(one.file, ensure_ascii=False), *one.arguments, *typed]
    call = ["table = pd.read_csv(", *(f"    {argument}," for argument in given), ")"]
    found = [*(_listed("WORDS", words) if words else []), f"TARGET = {json.dumps(target, ensure_ascii=False)}", *call]
    if data.sheet.parsed.left_out:
        found += ["table = table.dropna(subset=[TARGET], ignore_index=True)  # rows without a target are left out"]
    if not data.classes:
        return [*found, "y = table[TARGET].to_numpy(float)"]
    return [*found, "labels = LabelEncoder().fit(table[TARGET])", "y = labels.transform(table[TARGET])"]


ENCODED = '''def encoded(name):
    """Return what encodes a column of words: two words as 0 and 1, more as one column for each."""
    words = [sorted(table[name].fillna("?").unique())]
    encoder = OneHotEncoder(categories=words, handle_unknown="ignore", sparse_output=False)
    if len(words[0]) <= 2:
        encoder = OrdinalEncoder(categories=words, handle_unknown="use_encoded_value", unknown_value=np.nan)
    return make_pipeline(SimpleImputer(strategy="constant", fill_value="?"), encoder), [name]'''


def functions(data: Own) -> list[str]:
    """Return the functions that the lines of `preprocessing` call."""
    return [ENCODED] if any(kind == "category" for _, kind in source(data).columns) else []


def preprocessing(fit: Fit, data: Own, seen: str, scaler: str) -> list[str]:
    """Return the lines that make and fit the pipeline from a table to the inputs `x` of the network."""
    one = source(data)
    made: list[str] = []
    position = {name: place for place, name in enumerate(_header(one, data))}
    inputs = [(name, kind) for name, kind in one.columns if kind != "target"]
    for kind, group in groupby(inputs, lambda pair: (pair[1], pair[0] if pair[1] == "category" else "")):
        names = [name for name, _ in group]
        if kind[0] == "category":
            made += [f"        encoded({json.dumps(names[0], ensure_ascii=False)}),"]
            continue
        line = f'        ("passthrough", {_literal(names)}),'
        places = [position[name] for name in names]
        if len(line) > WIDTH:
            whole = places == list(range(places[0], places[0] + len(places)))
            which = f"{places[0]}:{places[-1] + 1}" if whole else str(places)
            line = f'        ("passthrough", list(table.columns[{which}])),'
        made += [line]
    steps = ["    make_column_transformer(", *made, "        sparse_threshold=0,", "    ),"]
    if fit.features:
        steps += [f'    make_column_transformer(("passthrough", {list(fit.features)})),']
    steps += ['    SimpleImputer(strategy="median", keep_empty_features=True),  # missing numbers: the training median']
    steps += [f"    {scaler}(),"] if fit.scaling != "none" else []
    fitted = ["preprocessing = make_pipeline(", *steps, ")", f"preprocessing.fit(table.iloc[{seen}])"]
    if fit.scaling == "sample":
        fitted += [f"preprocessing[-1].scale_ *= math.sqrt(len({seen}) / (len({seen}) - 1))  # n - 1 in place of n"]
    return [*fitted, "x = preprocessing.transform(table)"]


def _header(one: Source, data: Own) -> list[str]:
    """Return the names of all columns of the file that a script reads, in their order."""
    return [name for name, _ in one.columns] if one.file == PLAIN_FILE else list(data.sheet.parsed.raw)


def predict(fit: Fit, data: Own, real: str) -> list[str]:
    """Return the lines that judge new rows."""
    answer = {
        "binary": "labels.inverse_transform((outputs > 0).long().numpy())",
        "classes": "labels.inverse_transform(outputs.argmax(1).numpy())",
        "numbers": "outputs.numpy() * unit + centre" if fit.scale_target else "outputs.numpy()",
    }[data.task]
    one = source(data)
    given = ", ".join(["...", *one.arguments])
    read = f'#     predict(pd.read_csv("new.csv", {given.removeprefix("..., ")}))'
    read = read if len(read) <= WIDTH else '#     predict(pd.read_csv("new.csv", ...)) with the arguments above'
    return [
        "",
        "",
        "def predict(rows):",
        '    """Return a prediction for each row of a table that has the columns above."""',
        "    model.eval()",
        "    with torch.no_grad():",
        f"        outputs = model(torch.tensor(preprocessing.transform(rows), dtype={real}))",
        f"    return {answer}",
        "",
        "",
        "# New rows are judged by `predict`, here the first three of the table. For a file of new rows:",
        read,
        "new_rows = table.drop(columns=TARGET).head(3)",
        "print(predict(new_rows))",
    ]
