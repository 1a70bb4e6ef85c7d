"""A visitor's own CSV file: what its columns become, what is refused, and that nobody else can see it."""

from __future__ import annotations

import gc
import gzip
import hashlib
import io
import pickle
import random
import subprocess
import sys
import unicodedata
import zipfile
from typing import Any

import hypothesis
import numpy as np
import pandas as pd
import pytest
import streamlit
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import OneHotEncoder
from streamlit.testing.v1 import AppTest

from datasets import find, own, prepare
from datasets.own import Parsed, Sheet, adopt, parse, report
from figures import worth
from runs.chain import Chain, answer
from spec import Refused, digest
from ui.training import COOKIE


def table(rows: int = 40, **columns: list[Any]) -> pd.DataFrame:
    """A table with numbers, words and a target, and `columns` before the target."""
    draw = random.Random(0)
    plain = {
        "height": [round(draw.gauss(170, 8), 2) for _ in range(rows)],
        "colour": [draw.choice(["red", "green", "blue"]) for _ in range(rows)],
        "side": [draw.choice(["left", "right"]) for _ in range(rows)],
    }
    return pd.DataFrame({**plain, **columns, "won": [draw.choice(["no", "yes"]) for _ in range(rows)]})


def csv(frame: pd.DataFrame, sep: str = ",", encoding: str = "utf-8", **how: Any) -> bytes:
    return frame.to_csv(index=False, sep=sep, lineterminator="\r\n", **how).encode(encoding)


def said(parsed: Parsed, name: str) -> own.Column:
    return next(column for column in parsed.report if column.name == name)


def told(sheet: Sheet) -> dict[str, np.ndarray]:
    """What the page gets to know of a sheet, as the worker sends it."""
    chunk = answer(pickle.dumps(Chain("datasets.own:begin", "datasets.own:inspect", sheet)), None, 0.2)
    assert not hasattr(chunk, "reason"), chunk
    return dict(chunk.report.latest)  # type: ignore[union-attr]


# -- what becomes of columns


def test_columns_become_what_scikit_learn_makes_of_them() -> None:
    frame = table()
    parsed = parse(csv(frame))
    words = OneHotEncoder(sparse_output=False).fit(frame[["colour"]])
    expected = np.column_stack([frame.height, words.transform(frame[["colour"]]), frame.side == "right"])
    np.testing.assert_array_equal(parsed.x, expected)
    np.testing.assert_array_equal(parsed.y, frame.won == "yes")
    assert parsed.names == ("height", "colour = blue", "colour = green", "colour = red", "side = right")
    assert (parsed.task, parsed.classes, parsed.target) == ("binary", ("no", "yes"), "won")
    assert [(c.name, c.kind, c.made) for c in parsed.report] == [
        ("height", "number", 1), ("colour", "category", 3), ("side", "category", 1), ("won", "target", 0),
    ]  # fmt: skip


def test_what_is_missing_is_nan_or_a_category_of_its_own() -> None:
    frame = table(age=[None, "NA", "?", *range(37)], town=["", "-", *["Seoul", "Busan"] * 19])
    parsed = parse(csv(frame))
    age = parsed.x[:, parsed.names.index("age")]
    np.testing.assert_array_equal(age, [np.nan] * 3 + list(range(37)))
    assert said(parsed, "age").missing == 3
    assert parsed.x[:, parsed.names.index("town = ?")].tolist() == [1, 1] + [0] * 38
    assert (said(parsed, "town").missing, said(parsed, "town").made) == (2, 3)


def test_rows_without_a_target_are_left_out_and_counted() -> None:
    frame = table()
    frame.loc[[3, 5], "won"] = None
    parsed = parse(csv(frame))
    assert (parsed.left_out, len(parsed.y), len(parsed.raw)) == (2, 38, 38)
    won = said(parsed, "won")
    assert won.did.format(value=won.value) == "the target; rows without a target value are excluded: 2"


DROPPED = {
    "empty": [""] * 40,
    "constant": ["7"] * 40,
    "same word": ["a"] * 40,
    "name": [f"name {n}" for n in range(40)],
    "day": [f"2024-01-{n % 28 + 1:02d}" for n in range(40)],
    "hour": [f"{n % 24}:30" for n in range(40)],
}


@pytest.mark.parametrize("name", DROPPED)
def test_columns_that_teach_nothing_are_left_out_with_a_reason(name: str) -> None:
    parsed = parse(csv(table(**{name: DROPPED[name]})))
    column = said(parsed, name)
    assert (column.kind, column.made) == ("dropped", 0)
    assert column.did.startswith("excluded")
    assert not any(name in made for made in parsed.names)


@pytest.mark.parametrize(
    ("cells", "sep", "numbers"),
    [
        (["1,234", "12", "1,234,567.5"], ",", [1234, 12, 1234567.5]),
        (["1,5", "-2,25", "3"], ";", [1.5, -2.25, 3]),
        (["1.234,5", "0,5", "7"], ";", [1234.5, 0.5, 7]),
        (["1.5", "2.25", "1e3"], ";", [1.5, 2.25, 1000]),
        (["1,5", "2,25", "3"], "\t", [1.5, 2.25, 3]),
        (["1,234", "5,678", "9"], "\t", [1234, 5678, 9]),
    ],
)
def test_a_comma_in_a_number_is_read_as_its_file_means_it(cells: list[str], sep: str, numbers: list[float]) -> None:
    parsed = parse(csv(table(30, price=cells * 10), sep))
    assert parsed.x[:3, parsed.names.index("price")].tolist() == numbers


def test_a_few_cells_that_are_no_numbers_count_as_missing() -> None:
    parsed = parse(csv(table(dose=["low", "1e999", *range(38)])))
    assert np.isnan(parsed.x[:, parsed.names.index("dose")]).sum() == 2
    assert said(parsed, "dose").value == "2"
    assert "dose = low" in parse(csv(table(dose=["low", "high"] * 10 + [*range(10)] * 2))).names


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_korean_files_are_read_in_every_encoding_they_come_in(encoding: str) -> None:
    frame = table(30, 지역=["서울", "부산", "대구"] * 10).rename(columns={"won": "합격"})
    parsed = parse(csv(frame, encoding=encoding))
    assert parsed.target == "합격"
    assert parsed.names[-3:] == ("지역 = 대구", "지역 = 부산", "지역 = 서울")


@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_even_beside_others(sep: str) -> None:
    frame = table(text=["a, b; c", "d, e; f"] * 20)
    for parsed in (parse(csv(frame, sep)), parse(f"sep={sep}\r\n".encode() + csv(frame, sep))):
        assert list(parsed.raw) == list(frame)
        assert "text = d, e; f" in parsed.names


def test_a_file_without_a_line_of_names_gets_some() -> None:
    parsed = parse("\n".join(f"{n},{n * n % 7},{n % 2}" for n in range(30)).encode())
    assert (list(parsed.raw), len(parsed.y)) == (["column 1", "column 2", "column 3"], 30)


def test_odd_names_are_made_usable() -> None:
    text = csv(table(a=list("xyxy") * 10)).decode().replace("height,colour,side,a", ",a~b,a,a")
    assert list(parse(text.encode()).raw) == ["column 1", "a b", "a", "a (4)", "won"]


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["0", "1"] * 20, "binary", ("0", "1")),
        (["b", "a", "c", "a"] * 10, "classes", ("a", "b", "c")),
        (["10", "9", "2", "9"] * 10, "classes", ("2", "9", "10")),
        ([str(n % 11) for n in range(40)], "numbers", ()),
        (["0.5", "1.5", "2.5", "3.5"] * 10, "numbers", ()),
        (["1.5", "2.5"] * 20, "binary", ("1.5", "2.5")),
    ],
)
def test_the_task_follows_from_the_target(values: list[str], task: str, classes: tuple[str, ...]) -> None:
    parsed = parse(csv(table(goal=values)), target="goal")
    assert (parsed.task, parsed.classes) == (task, classes)
    if classes:
        assert [classes[one] for one in parsed.y] == values
    else:
        assert parsed.y.tolist() == [float(value) for value in values]


def test_the_task_can_be_chosen_and_columns_left_out() -> None:
    content = csv(table(goal=[str(n % 4) for n in range(40)]))
    assert parse(content, "goal").task == "classes"
    parsed = parse(content, "goal", "numbers", kinds=(("colour", "dropped"), ("won", "dropped")))
    assert (parsed.task, parsed.names) == ("numbers", ("height", "side = right"))
    assert said(parsed, "won").did == "excluded: your choice"


def test_names_in_an_own_table_are_not_translated() -> None:
    one = sheet(secret="names")
    made = adopt(one, "x", told(one))
    assert worth.columns(made, str.upper) == list(made.names)
    assert worth.classes(made, str.upper) == list(made.classes)
    moons = find("moons")
    assert worth.columns(moons, str.upper) == [name.upper() for name in moons.names]


def test_a_column_called_target_is_proposed_else_the_last_that_can_be_one() -> None:
    assert parse(csv(table(Survived=[0, 1] * 20))).target == "Survived"
    last = table().assign(note=[f"note {n}" for n in range(40)])
    assert parse(csv(last)).target == "won"


def test_formulas_are_text() -> None:
    parsed = parse(csv(table(cell=["=1+1", "=HYPERLINK(A1)"] * 20)))
    assert "cell = =HYPERLINK(A1)" in parsed.names


# -- what is refused

WIDE = pd.DataFrame({f"c{n}": [(n + 2) * i * i % 211 for i in range(30)] for n in range(1010)}).assign(y=[1, 2] * 15)
REFUSED = {
    "the limit is 5 MB": b"a,b\n" + b"1,2\n" * 1_250_001,
    "more rows than the limit of 50,000": b"a,b\n" + b"1,2\n" * 50_001,
    "at least 20 are needed": csv(table(19)),
    "columns; the limit is 1,000": csv(WIDE),
    "has 2,001 columns; the limit is 2,000": b",".join([b"a"] * 2001) + b"\n",
    "at least two columns": b"a\n1\n2\n",
    "must have at least two columns": b"",
    "is a spreadsheet file": b"PK\x03\x04" + bytes(100),
    "is not a text file": bytes(range(256)) * 4,
    "Line 3 of the file has a different number of cells \\(3\\) from line 1 \\(2\\)": b"a,b\n1,2\n1,2,3\n",
    "quotation mark not closed": b'a,b\n1,"' + b"x" * 200_000,
    "at most 100 classes, not 150": csv(table(150).assign(y=[f"w{n}" for n in range(150)])),
    "No column of the file can be the target": csv(pd.DataFrame({"a": ["x"] * 30, "b": [f"n{n}" for n in range(30)]})),
    "at least one column besides the target": csv(pd.DataFrame({"a": ["x"] * 30, "b": ["u", "v"] * 15})),
    "Two columns of the file have the name a \\(3\\)": csv(table(20)).replace(b"height,colour,side", b"a,a (3),a"),
}  # fmt: skip


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_cannot_be_used_is_refused_with_a_sentence(sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        parse(REFUSED[sentence], target="y" if "150" in sentence else "")


def zipped(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, csv(table()))
    return out.getvalue()


ROW = b"1,2\n" * 30
CAUSES = {
    "ZIP archive. Unpack it": zipped("mine.csv"),
    "is a spreadsheet file": zipped("[Content_Types].xml"),
    "archive or a compressed file": gzip.compress(csv(table())),
    "Line 2 of the file has a cell of more than 131,072 characters": b"a,b\n1," + b"x" * 140_000 + b"\n" + ROW,
    "A line of the file has 4,000,000 characters": b"1,2," * 1_000_000,
    "quotation mark in line 3 .* not to be closed": b'a,b\n1,2\n1,"2\n' + ROW,
    "quotation mark in line 4 .* not to be closed": b'a,b\n1,2\n1,2\n"1,2\n' + ROW,
    "quotation mark in line 5 .* not to be closed": b"a,b,c\n" + (b"1,2,3\n" * 3 + b'1,"2,3\n') * 9,
    "line 2 on. Is a quotation mark not closed": b'a,b\n1,"2' + b"\n1,2" * 50_000,
}  # fmt: skip


@pytest.mark.parametrize("sentence", CAUSES)
def test_a_refusal_names_the_true_cause(sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        parse(CAUSES[sentence])


def test_cells_of_several_lines_are_read() -> None:
    text = "a,b,y\n" + "".join(f'{n},"red\nand ""{"dark" if n % 3 else "bright"}""",{n % 2}\n' for n in range(30))
    assert said(parse(text.encode()), "b").value == "2"


def test_blank_lines_end_no_table() -> None:
    assert len(parse(b"a,y\n" + (b"1,0\n2,1\n" + b"\n" * 21) * 5000).y) == 10_000


def test_an_empty_column_that_is_called_target_is_told() -> None:
    parsed = parse(csv(table(target=[""] * 40)))
    assert parsed.target == "won"
    assert ("the column {value} has the name of a target, but it is excluded", "target") in said(parsed, "won").notes
    assert not said(parse(csv(table(target=[""] * 40)), "won"), "won").notes


def test_long_words_give_short_names() -> None:
    parsed = parse(csv(table(text=["x" * 9000 + "1", "x" * 9000 + "2", "3"] * 13 + ["3"])))
    assert parsed.names[5:8] == ("text = 3", f"text = {'x' * 59}… (2)", f"text = {'x' * 59}… (3)")


DAYS = [f"2024-01-{n % 28 + 1:02d}" for n in range(40)]


@pytest.mark.parametrize(
    ("days", "task", "first"),
    [
        (DAYS, "", 19723), (DAYS, "numbers", 19723), (["13/01/1970", "02/01/1970"] * 20, "", 12),
        (["2024년 1월 1일", "2024년 1월 5일"] * 20, "numbers", 19723),
    ],
)  # fmt: skip
def test_a_date_as_target_is_a_number_of_days(days: list[str], task: str, first: int) -> None:
    parsed = parse(csv(table(day=days)), "day", task)
    assert (parsed.task, parsed.y[0]) == ("numbers", first)
    assert "as days" in said(parsed, "day").notes[0][0]


def test_dates_that_cannot_be_a_target_say_why() -> None:
    with pytest.raises(Refused, match="do not show whether the day or the month"):
        parse(csv(table(day=["01/02/2024", "03/04/2024"] * 20)), "day")
    with pytest.raises(Refused, match="soon is not a date"):
        parse(csv(table(day=[*DAYS[:-1], "soon"])), "day")
    with pytest.raises(Refused, match="same value"):
        parse(csv(table(day=DAYS[:1] * 40)), "day")
    assert parse(csv(table(day=DAYS[:2] * 20)), "day", "binary").classes == tuple(DAYS[:2])


@pytest.mark.parametrize(
    ("target", "task", "sentence"),
    [
        ("tall", "", "no column tall"),
        ("colour", "binary", "must have two different values, not 3"),
        ("colour", "numbers", "cells that are not numbers"),
        ("same", "", "the same value in every row"),
    ],
)
def test_choices_that_do_not_fit_are_refused(target: str, task: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        parse(csv(table(same=["x"] * 40)), target, task)


cell = st.one_of(
    st.sampled_from(
        ["", "1", "2.5", "-3,5", "NA", "x", "y", "=A1", "2024-01-01", "1e999", "nan", '"', "서울", "~", "{0}"]
    ),
    st.text(max_size=6),
    st.floats().map(str),
)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Tables of any kind of cells, in any encoding, some of them broken."""
    width, height = draw(st.integers(1, 5)), draw(st.integers(0, 30))
    kinds = [draw(st.lists(cell, min_size=1, max_size=4)) for _ in range(width)]
    lines = [[draw(st.sampled_from(kind)) for kind in kinds] for _ in range(height)]
    end, sep = draw(st.sampled_from(["\n", "\r\n"])), draw(st.sampled_from([",", ";", "\t"]))
    text = end.join(sep.join(line) for line in [[draw(cell) for _ in range(width)], *lines])
    return text.encode(draw(st.sampled_from(["utf-8", "cp949", "utf-16"])), errors="ignore")


@hypothesis.settings(max_examples=120)
@given(st.one_of(files(), st.binary(max_size=300)), st.sampled_from(["", *own.TASKS]))
def test_any_file_is_read_or_refused(content: bytes, task: str) -> None:
    try:
        parsed = parse(content, task=task)
    except Refused:
        return
    assert parsed.x.shape == (len(parsed.y), len(parsed.names))
    assert not np.isinf(parsed.x).any()
    assert np.isfinite(parsed.y).all()
    assert len(parsed.names) == len(set(parsed.names)) > 0
    assert parsed.task == ("numbers" if not parsed.classes else "binary" if len(parsed.classes) == 2 else "classes")


# -- a data set like any other


def sheet(**how: Any) -> Sheet:
    return Sheet(csv(table(age=[None, *range(39)])), how.pop("secret", "s"), **how)


def test_a_worker_s_report_is_all_that_is_needed_to_make_it_a_data_set() -> None:
    one = sheet()
    facts = told(one)
    made = adopt(one, "mine.csv", facts)
    x, y = made.read()
    assert x.shape == (made.rows, made.columns) == (40, len(made.names))
    assert (made.task, made.classes, made.title) == ("binary", ("no", "yes"), "mine.csv")
    assert made.report == report(facts) == one.parsed.report
    assert facts["cells"].shape == (5, 5)
    assert facts["fields"].tolist() == list(one.parsed.raw)
    assert not x.flags.writeable
    assert not y.flags.writeable
    parts = prepare(made)
    assert not np.isnan(parts.train.x).any()


def test_its_name_is_a_secret_and_stands_for_all_that_was_chosen() -> None:
    names = {one.name for one in (sheet(), sheet(secret="t"), sheet(target="age"), sheet(task="classes"),
                                  sheet(kinds=(("age", "dropped"),)), Sheet(b"a,b\n1,2\n", "s"))}  # fmt: skip
    assert len(names) == 6
    assert all(name.startswith("own~") and len(name) == 36 for name in names)
    one = sheet()
    assert repr(one) == one.name == sheet().name
    assert repr(adopt(one, "x", told(one))) == one.name
    assert digest(Chain("a:b", "c:d", one)) == digest(Chain("a:b", "c:d", sheet()))


def test_it_can_be_found_only_while_somebody_holds_it() -> None:
    made = adopt(one := sheet(secret="held"), "x", told(one))
    key, travelling = made.key, pickle.dumps(made)
    assert find(key) is made is pickle.loads(travelling)
    del made
    gc.collect()
    with pytest.raises(Refused, match="upload the file again"):
        find(key)
    again = pickle.loads(travelling)
    assert find(key) is again


@pytest.mark.heavy
def test_it_is_the_same_to_the_last_bit_in_another_process() -> None:
    made = adopt(one := sheet(), "x", told(one))
    code = (
        "import sys, pickle, hashlib; made = pickle.load(sys.stdin.buffer); from datasets import find; "
        "x, y = find(made.key).read(); print(hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(made), capture_output=True, check=True)
    x, y = made.read()
    assert done.stdout.decode().strip() == hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest()


# -- on a page


def script() -> None:
    """A page with a choice of the data set, the part in which a file is dropped, and the look at the data."""
    from datasets import find
    from experiments.fit import Fit
    from ui import data
    from ui.page_state import PageState

    state = PageState("bench", lambda anchors: Fit(), lambda fit: lambda rule: rule())
    data.choose(state)
    state.notices()
    data.bring(lambda key: state.change(dataset=key))
    data.look(find(state.spec.dataset))
    state.publish()


def opened(query: dict[str, list[str]] | None = None) -> AppTest:
    tested = AppTest.from_function(script, default_timeout=60)
    tested.session_state["lang"] = "en"
    tested.query_params.update(query or {})
    return tested.run()


def chosen(tested: AppTest) -> str:
    assert not tested.exception
    return tested.session_state["state bench"]["spec"].dataset


def test_a_file_is_shown_before_it_is_used_and_then_is_one_of_the_choices() -> None:
    tested = opened()
    before = tested.session_state["state bench"]["spec"]
    tested.file_uploader[0].set_value(("mine.csv", csv(table(day=DROPPED["day"])), "text/csv"))
    tested.run()
    assert chosen(tested) == "breast_cancer"
    shown = tested.dataframe[0].value
    assert shown.iloc[:, 0].tolist() == ["height", "colour", "side", "day", "won"]
    assert shown.iloc[:, 3].tolist() == [1, 3, 1, 0, 0]
    tested.multiselect[2].set_value(["colour"])
    tested.run()
    tested.button("own use").click()
    tested.run()
    tested.run()  # as `st.rerun` does in a browser
    name = chosen(tested)
    assert name.startswith(own.PREFIX)
    assert tested.query_params["dataset"] == name
    assert tested.selectbox("bench en dataset").value == name
    assert "mine.csv" in tested.selectbox("bench en dataset").options
    assert find(name).names == ("height", "side = right")
    after = tested.session_state["state bench"]["spec"]
    assert {**vars(after), "dataset": ""} == {**vars(before), "dataset": ""}, "nothing else has changed"

    tested.session_state["data look"] = True
    while not any("Preprocessing of each column" in text.value for text in tested.caption):
        tested.run()
    assert not tested.exception
    assert "**40 rows, 2 columns**" in " ".join(text.value for text in tested.markdown)

    stranger = opened({"dataset": [name]})  # while the first session still holds it
    assert chosen(stranger) == "breast_cancer"
    assert [warning.value for warning in stranger.warning] == [str(Refused(own.GONE))]
    assert "mine.csv" not in stranger.selectbox("bench en dataset").options


def test_a_file_that_cannot_be_used_says_why_and_changes_nothing() -> None:
    tested = opened({"epochs": ["77"]})
    tested.file_uploader[0].set_value(("mine.csv", b"a,b\n1,2\n", "text/csv"))
    tested.run()
    assert [warning.value for warning in tested.warning] == [
        "The file has too few usable rows (1); at least 20 are needed for training and evaluation."
    ]
    assert chosen(tested) == "breast_cancer"
    assert tested.query_params["epochs"] == "77"


@pytest.mark.parametrize("key", ["titanic", "digits", "california"])
def test_a_look_shows_rows_or_pictures_and_how_they_came_about(key: str) -> None:
    tested = opened({"dataset": [key]})
    tested.session_state["data look"] = True
    while not any("**" in text.value for text in tested.markdown):
        tested.run()
    assert not tested.exception
    assert [image.captions for image in tested.image] == ([[str(n % 10) for n in range(30)]] if key == "digits" else [])
    tables = [shown.value for shown in tested.dataframe]
    assert [len(rows) for rows in tables] == {"titanic": [200, 200], "digits": [], "california": [200]}[key]
    assert [code.value.splitlines()[0] for code in tested.code] == (
        ["def features(raw: Mapping[str, np.ndarray]) -> np.ndarray:"] if key == "titanic" else []
    )


# -- choices in the dialog


def dropped_in(content: bytes, name: str = "mine.csv") -> AppTest:
    tested = opened()
    tested.file_uploader[0].set_value((name, content, "text/csv"))
    return tested.run()


def labelled(tested: AppTest, label: str) -> Any:
    return next(one for one in (*tested.selectbox, *tested.multiselect) if one.label == label)


def used(tested: AppTest) -> own.Own:
    tested.button("own use").click()
    tested.run()
    tested.run()
    return find(chosen(tested))  # type: ignore[return-value]


def test_a_file_in_another_encoding_is_used_once_the_encoding_is_chosen() -> None:
    text = "größe,y\n" + "".join(f'"{n},5",{n % 2}\n' for n in range(30))
    tested = dropped_in(text.encode("cp1252"), unicodedata.normalize("NFD", "정답.csv"))
    assert "its encoding is uncertain" in tested.warning[0].value
    assert not [one for one in tested.button if one.key == "own use"]
    encoding = labelled(tested, "Encoding")
    assert encoding.value is None
    assert "Western European (Latin-1): größe" in encoding.options
    encoding.set_value("cp1252").run()
    made = used(tested)
    assert (made.names, made.title) == (("größe",), "정답.csv")
    assert made.read()[0][:2].tolist() == [[0.5], [1.5]]


def test_the_first_rows_are_shown_as_numbers_beside_their_text() -> None:
    tested = dropped_in(("a\tb\ty\n" + "0,129\tred\t0\n1,5\tblue\t1\n" * 15).encode())
    first = tested.dataframe[1].value
    assert list(first) == ["a", "→ a", "b", "→ b = red", "y", "→ y"]
    assert first.iloc[:2, :2].to_numpy().tolist() == [["0,129", 0.129], ["1,5", 1.5]]
    labelled(tested, "Decimal mark").set_value(".").run()
    assert not tested.exception


def test_every_column_can_be_made_a_number_a_category_or_left_out() -> None:
    rows = "".join(f"{n},{n % 3},2024-01-{n % 28 + 1:02d},{n % 2}\n" for n in range(30))
    tested = dropped_in(("id,kind,day,y\n" + rows).encode())
    labelled(tested, "Columns to exclude").set_value(["id", "kind"]).run()
    labelled(tested, "Columns to use as numbers").set_value(["day"]).run()
    labelled(tested, "Columns to use as categories").set_value(["kind"]).run()
    assert labelled(tested, "Columns to exclude").value == ["id"], "a column is of the kind chosen last"
    assert used(tested).names == ("kind = 0", "kind = 1", "kind = 2", "day")


@pytest.mark.heavy
def test_a_file_with_too_many_columns_is_cut_in_the_dialog() -> None:
    tested = dropped_in(csv(WIDE))
    assert "the limit is 1,000" in tested.warning[0].value
    assert len(tested.dataframe[0].value) == 1011
    tested.slider[0].set_value((1, 30)).run()
    assert not tested.warning
    assert set(used(tested).names) <= {f"c{n}" for n in range(30)}


@pytest.mark.parametrize("cookies", [{}, {COOKIE: "2|00|11|0"}])
def test_where_a_cookie_is_not_sent_the_dialog_says_that_a_file_cannot_be(
    cookies: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = type(streamlit.context)
    monkeypatch.setattr(context, "headers", {"Host": "lab.example.edu"})
    monkeypatch.setattr(context, "cookies", cookies)
    tested = opened()
    assert not tested.exception
    assert [COOKIE in cookies or "cookie" in warning.value for warning in tested.warning] == [True] * (not cookies)
    assert len(tested.get("link_button")) == (not cookies)
