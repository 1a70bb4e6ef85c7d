"""What cells of a CSV file mean: numbers as their file writes them, what is missing, names, titles, encodings.

Every file is read as it was meant, or with a sentence: a refusal, a note, or a column that is left out with a reason.
"""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets import lines, numerals, own
from datasets.own import Column, Parsed, Sheet, inspect, parse
from spec import Refused
from tools.tables import judged, made

ROWS = 24
GOAL = [str(n % 2) for n in range(ROWS)]


def file(columns: dict[str, list[str]], sep: str = ",", above: str = "", end: str = "") -> str:
    """A file with these columns, their cells repeated to `ROWS`, and a target y."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=sep, lineterminator=end + "\n")
    writer.writerow([*columns, "y"])
    writer.writerows(zip(*(cells * (ROWS // len(cells)) for cells in columns.values()), GOAL, strict=True))
    return above + out.getvalue()


def said(parsed: Parsed, name: str) -> Column:
    return next(column for column in parsed.report if column.name == name)


def sentence(column: Column) -> str:
    return "; ".join(text.format(value=value) for text, value in [(column.did, column.value), *column.notes])


def values(parsed: Parsed, name: str, rows: int) -> list[float]:
    return parsed.x[:rows, parsed.names.index(name)].tolist()


# -- numbers

NUMBERS: dict[str, tuple[str, list[str], list[float]]] = {
    "tabs and decimal commas": ("\t", ["0,129", "0,132", "1,250"], [0.129, 0.132, 1.25]),
    "three digits decided by one": ("\t", ["1,234", "5,67", "9,999"], [1.234, 5.67, 9.999]),
    "both marks": (";", ["1.5", "2,5", "3"], [1.5, 2.5, 3]),
    "quoted decimal commas": (",", ["0,25", "1,25", "-2,5"], [0.25, 1.25, -2.5]),
    "per cent": (",", ["12%", "12.5 %", "-3％"], [12, 12.5, -3]),
    "currency": (",", ["$1,200", "-$5", "$-7.5", "($3)"], [1200, -5, -7.5, -3]),
    "won": (",", ["₩1,200", "3원", "₩ 5"], [1200, 3, 5]),
    "minus signs": (",", ["−3.5", "–2", "-1"], [-3.5, -2, -1]),
    "spaces": (
        ";",
        ["1 200,5", "1\u00a0200,5", "12\u202f345\u202f678", "1\u2009000"],
        [1200.5, 1200.5, 12345678, 1000],
    ),
    "apostrophes": (";", ["1'200.5", "1’000", "3"], [1200.5, 1000, 3]),
    "Indian groups": (",", ["1,00,000", "12,34,567.5", "1,000"], [100000, 1234567.5, 1000]),
    "points as thousands": (";", ["1.234.567", "1.234", "0,5"], [1234567, 1234, 0.5]),
    "exponents": (";", ["1,5e-3", "2E+05", "1e3"], [0.0015, 200000, 1000]),
    "full-width": (",", ["１２", "３．５", "7"], [12, 3.5, 7]),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_read_as_their_file_writes_them(name: str) -> None:
    sep, cells, numbers = NUMBERS[name]
    unit = "" if name != "won" else "different units"
    parsed = parse(file({"a": cells, "b": ["7", "8", "9"]}, sep).encode(), kinds=(("a", "number"),) if unit else ())
    assert values(parsed, "a", len(cells)) == numbers
    assert any(f"{cell} → " in sentence(said(parsed, "a")) for cell in cells)


def test_the_other_columns_of_a_file_decide_what_a_column_leaves_open() -> None:
    for other, number in (("0,5", 1.234), ("0.5", 1234.0)):
        parsed = parse(file({"a": ["1,234", "5,678"], "b": [other, "1"]}, "\t").encode())
        assert values(parsed, "a", 1) == [number]
        assert "uncertain" not in sentence(said(parsed, "a"))


@pytest.mark.parametrize(("sep", "number"), [(",", 1234), (";", 1.234), ("\t", 1.234), ("|", 1.234)])
def test_what_nothing_decides_is_called_uncertain_and_can_be_chosen(sep: str, number: float) -> None:
    content = file({"a": ["1,234", "5,678"], "b": ["7", "8"]}, sep).encode()
    parsed = parse(content)
    assert values(parsed, "a", 1) == [number]
    assert f"uncertain: 1,234 → {number:g}" in sentence(said(parsed, "a"))
    for decimal, wanted in ((",", 1.234), (".", 1234.0)):
        chosen = parse(content, decimal=decimal)
        assert values(chosen, "a", 1) == [wanted]
        assert "uncertain" not in sentence(said(chosen, "a"))


def test_a_column_that_contradicts_itself_is_left_out_until_the_mark_is_chosen() -> None:
    content = file({"a": ["1.5", "2,5", "1.234"], "b": ["7", "8", "9"]}, ";").encode()
    assert said(parse(content), "a").did.startswith("excluded")
    assert values(parse(content, decimal=","), "a", 3) == [1.5, 2.5, 1234]
    with pytest.raises(Refused, match="two ways"):
        parse(content, target="a")


@pytest.mark.parametrize("cells", [["5%", "0.5"], ["$5", "€5"], ["$5", "5%"]])
def test_unlike_units_are_not_mixed(cells: list[str]) -> None:
    parsed = parse(file({"a": cells, "b": ["7", "8"]}).encode())
    assert "different units" in sentence(said(parsed, "a"))
    assert parsed.names == ("b",)


@pytest.mark.parametrize(
    "cell", ["1.2.3", "1,23,45", "0x10", "1_000", "²5", "inf", "1e999", "--5", "5 6", "+-1", "(5", "٣"]
)
def test_what_is_no_number_is_not_made_one(cell: str) -> None:
    assert numerals.shape(cell) is None


# -- missing cells, dates, classes


@pytest.mark.parametrize(
    "word", ["None", "<NA>", "nan", "NaN", "-", "?", "NA", "n/a", "NULL", "", "—", "#N/A", "#DIV/0!"]
)
def test_words_for_missing_cells(word: str) -> None:
    parsed = parse(file({"a": [word, "1", "2.5", "3"], "b": ["7", "8"]}).encode())
    np.testing.assert_array_equal(values(parsed, "a", 4), [np.nan, 1, 2.5, 3])
    assert said(parsed, "a").missing == ROWS / 4


@pytest.mark.parametrize("word", ["NA", "None", "-"])
def test_a_class_may_be_spelt_like_a_missing_value(word: str) -> None:
    content = file(
        {"a": ["1", "2.5", "3", "4"], "kind": ["red", word, "blue", "red", "blue", "red", "blue", "blue"]}
    ).encode()
    parsed = parse(content, target="kind")
    assert (parsed.task, set(parsed.classes), parsed.left_out) == ("classes", {"red", "blue", word}, 0)
    assert f"{word} counts as a class" in sentence(said(parsed, "kind"))
    two = parse(content, target="kind", task="binary")
    assert (two.classes, two.left_out) == (("blue", "red"), ROWS // 8)


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["2024년 1월 3일", "2024년 12월 3일"], 19725),
        (["2024-01-03", "2024-01-04"], 19725),
        (["2024.1.3.", "2024.1.4."], 19725),
        (["13/01/1970", "02/01/1970"], 12),
        (["01/13/1970", "01/02/1970"], 12),
        (["1970-01-02 12:00", "1970-01-03 00:00"], 1.5),
    ],
)
def test_dates_are_left_out_or_become_days(cells: list[str], first: float) -> None:
    content = file({"day": cells, "b": ["7", "8"]}).encode()
    assert "dates" in said(parse(content), "day").did
    assert values(parse(content, kinds=(("day", "number"),)), "day", 1) == [first]


def test_dates_that_do_not_say_which_number_is_the_month_stay_out() -> None:
    content = file({"day": ["01/02/2024", "03/04/2024"], "b": ["7", "8"]}).encode()
    assert "day or the month" in said(parse(content, kinds=(("day", "number"),)), "day").did


# -- columns that the program used to leave out, and the reader's own choice


@pytest.mark.parametrize("name", ["x", "id", "year", "번호"])
def test_columns_that_count_are_kept_and_said_to(name: str) -> None:
    cells = [str(1990 + n) for n in range(ROWS)]
    parsed = parse(file({name: cells}).encode())
    assert values(parsed, name, 2) == [1990, 1991]
    assert parsed.target == "y"
    assert "may only number the rows" in sentence(said(parsed, name))


def test_a_line_of_two_counting_columns_is_a_table() -> None:
    parsed = parse(("x,y\n" + "".join(f"{n},{2 * n + 1}\n" for n in range(1, 31))).encode())
    assert (parsed.names, parsed.target, parsed.task) == (("x",), "y", "numbers")


@pytest.mark.parametrize(
    ("cells", "kind", "made"),
    [
        (["1", "2", "3"], "category", 3),
        (["7"], "number", 1),
        ([f"name {n}" for n in range(ROWS)], "category", ROWS),
        (["low", "2", "3"], "number", 1),
        (["1", "2"], "dropped", 0),
        (["same"], "category", 1),
    ],
)
def test_the_fate_of_a_column_is_the_reader_s(cells: list[str], kind: str, made: int) -> None:
    content = file({"a": cells, "b": ["7", "8"]}).encode()
    parsed = parse(content, kinds=(("a", kind),))
    assert (said(parsed, "a").kind, said(parsed, "a").made) == (kind, made)
    assert parsed.x.shape == (ROWS, made + 1)
    assert (said(parse(content), "a").kind, said(parse(content), "a").made) != (kind, made)


def test_a_column_that_cannot_be_what_is_wanted_says_why() -> None:
    parsed = parse(file({"a": ["red", "blue"], "b": ["7", "8"]}).encode(), kinds=(("a", "number"),))
    assert said(parsed, "a").did == "excluded: no cell is a number"


def test_pictures_of_784_pixels_are_a_table() -> None:
    header = ",".join(["label", *(f"pixel{n}" for n in range(784))])
    rows = "\n".join(",".join([str(n % 10), *(str((n * k) % 256) for k in range(784))]) for n in range(ROWS))
    parsed = parse(f"{header}\n{rows}\n".encode(), kinds=(("pixel0", "number"),))
    assert parsed.target == "label"
    assert parsed.x.shape[1] > 700


def facts(content: str | bytes, **how: Any) -> dict[str, Any]:
    return inspect(Sheet(content if isinstance(content, bytes) else content.encode(), "s", **how), 0)[1][3]


@pytest.mark.heavy
def test_a_refused_file_says_enough_to_choose_what_is_used_of_it() -> None:
    wide = {f"c{n}": [str((n + 2) * k * k % 211) for k in range(ROWS)] for n in range(1100)}
    told = facts(file(wide))
    assert " columns; the limit is 1,000" in str(own.refused(told))
    assert len(told["fields"]) == len(own.report(told)) == 1101
    assert str(told["target"]) == "y"
    less = facts(file(wide), kinds=tuple((f"c{n}", "dropped") for n in range(200)))
    assert own.refused(less) is None
    assert less["names"][0] == "c200"


def test_the_first_rows_come_as_text_and_as_numbers() -> None:
    told = facts(file({"a": ["0,129", "1,5"], "b": ["x", "y"]}, "\t"))
    assert told["cells"][0].tolist() == ["0,129", "x", "0"]
    assert told["inputs"][:2].tolist() == [[0.129, 0], [1.5, 1]]
    assert told["goals"].tolist()[:2] == ["0", "1"]


# -- lines, names and titles

BODY = "".join(f"0.5,{n},{n % 2}\n" for n in range(ROWS))
LAYOUTS: dict[str, tuple[str, list[str], str]] = {
    "comment": ("# exported, by Kim\n\na,b,y\n" + BODY, ["a", "b", "y"], "# exported by Kim"),
    "names after #": ("# a,b,y\n" + BODY, ["a", "b", "y"], ""),
    "title": ("Results of group 3,,\na,b,y\n" + BODY, ["a", "b", "y"], "Results of group 3"),
    "two titles": ("Results\nGroup 3, 2024\na,b,y\n" + BODY, ["a", "b", "y"], "Results / Group 3 2024"),
    "ending rows": ("a,b,y\n" + BODY.replace("\n", ",\n"), ["a", "b", "y"], ""),
    "ending lines": (("a,b,y\n" + BODY).replace("\n", ",,\n"), ["a", "b", "y"], ""),
    "years": ("2019,2020,2021\n" + BODY, ["2019", "2020", "2021"], "2019, 2020, 2021"),
    "years under a title": ("Results,,\n2019,2020,2021\n" + BODY, ["2019", "2020", "2021"], "Results"),
    "numbered": ("0,1,2\n" + BODY, ["0", "1", "2"], "0, 1, 2"),
    "nameless": (BODY, ["column 1", "column 2", "column 3"], "0.5, 0, 0"),
    "nameless words": (BODY.replace("0.5", "red"), ["column 1", "column 2", "column 3"], "red, 0, 0"),
    "spaces": ("a , b,y\n" + BODY, ["a", "b", "y"], ""),
    "quoted after a space": ('a, "b", y\n' + BODY, ["a", "b", "y"], ""),
    "quoted after a tab": ('a,\t"b",\ty\n' + BODY.replace(",", ",\t"), ["a", "b", "y"], ""),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_lines_above_and_names_are_told_apart(name: str) -> None:
    text, names, note = LAYOUTS[name]
    found = lines.read(text.encode())
    assert found.header == names
    assert len(found.rows) == ROWS
    assert {row[1] for row in found.rows} == {str(n) for n in range(ROWS)}
    assert note in " ".join(value for _, value in found.notes)
    assert bool(found.notes) == bool(note)


def test_the_reader_says_what_the_first_line_is() -> None:
    text = ("2019,2020,2021\n" + BODY).encode()
    assert lines.read(text, header="rows").rows[0] == ["2019", "2020", "2021"]
    assert lines.read(BODY.encode(), header="names").header == ["0.5", "0", "0 (3)"]


@pytest.mark.parametrize(
    "text", ["a,b,y\n0.5,1,0,7\n" + BODY, "a,b,y\n" + BODY + "1,2\n", "a,b,y\n" + BODY + '1,"2,0\n' + BODY]
)
def test_lines_of_other_lengths_are_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"Line \d+ of the file has|line 26 of the file seems not to be closed"):
        parse(text.encode())


@pytest.mark.parametrize("text", ["0,100;0,5;0\n1,5;2,5;1\n", "1,5;2\n3,5;4\n", "1,5\t2\n3,25\t4\n"])
def test_decimal_commas_are_no_delimiters(text: str) -> None:
    found = lines.read((text * ROWS).encode())
    assert found.rows[0] == text.splitlines()[0].replace("\t", ";").split(";")


# -- encodings

WORDS = {
    "cp949": "정답,지역,키\n서울,부산,남자\n", "cp932": "数値,地域,合格\n東京,大阪,はい\n",
    "gb18030": "数值,地区,合格\n北京,上海,是\n", "cp1252": "größe,länge,°C\nété,naïve,créée\n",
}  # fmt: skip


@pytest.mark.parametrize("encoding", WORDS)
def test_an_encoding_that_a_file_does_not_tell_is_asked_for(encoding: str) -> None:
    content = WORDS[encoding].encode(encoding)
    told = facts(content)
    assert encoding in told["encodings"].tolist()
    if encoding == "cp949":
        assert "Korean" in own.notes(told)[0][0]
    else:
        assert "its encoding is uncertain" in str(own.refused(told))
        assert "fields" not in told
    sample = dict(zip(told["encodings"].tolist(), told["samples"].tolist(), strict=True))[encoding]
    assert sample.split(", ")[0] in WORDS[encoding]
    assert lines.read(content, encoding).header == WORDS[encoding].splitlines()[0].split(",")


@pytest.mark.parametrize("text", ["地区,合格\n北京,不\n", "东区,合格\n北京,白\n", "天,地\n东,北\n"])
def test_chinese_is_not_guessed_into_hangul(text: str) -> None:
    with pytest.raises(Refused, match="its encoding is uncertain"):
        lines.read(text.encode("gbk"))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-8-sig"])
def test_unicode_is_known_without_asking(encoding: str) -> None:
    found = lines.read(("정답,키\n" + "1,2.5\n" * ROWS).encode(encoding))
    assert found.header == ["정답", "키"]
    assert not found.notes


def test_hangul_is_one_however_it_is_composed() -> None:
    text = (
        "지역,정답,몸무게\n"
        + "서울,0,50\n부산,1,51.5\n" * (ROWS // 2)
        + unicodedata.normalize("NFD", "서울,0,52\n" * 2)
    )
    for form in ("NFC", "NFD"):
        parsed = parse(unicodedata.normalize(form, text).encode() if form == "NFD" else text.encode())
        assert parsed.target == "정답"
        assert parsed.names == ("지역 = 서울", "몸무게")


# -- generated tables


@pytest.mark.heavy
@hypothesis.settings(max_examples=300)
@given(st.integers(0, 2**32))
def test_generated_tables_come_back_as_their_numbers_or_with_a_sentence(seed: int) -> None:
    result = judged(made(seed))
    assert not result.wrong, result


def test_the_generated_tables_are_of_every_kind() -> None:
    cases = [made(seed) for seed in range(60)]
    assert {bool(case.encoding) for case in cases} == {case.shown for case in cases} == {True, False}
    spoilt = cases[0]._replace(numbers={name: [1.0, *column[1:]] for name, column in cases[0].numbers.items()})
    assert judged(spoilt).wrong


def test_what_is_packed_for_a_page_is_plain_text() -> None:
    told = facts(file({"a": ["1", "2"]}))
    assert json.loads(str(told["report"]))[0][0] == "a"
