"""Foreign text, of a link or of a visitor's file, is shown as it is wherever it is shown: nothing is made of it.

A browser is the judge of what is made of a text; the tests without one hold that all of it took the one way there.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from conftest import PATIENCE, visit
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest
from test_own_data import script
from test_pages import STATES

from figures.scene import JOINER, literal, spoken
from spec import settings
from ui import language

HOST = "evil.example"
PLAIN = (
    f"www.{HOST}", f"WWW.{HOST}/a?b=c", f"http://{HOST}/x", f"HTTPS://{HOST}", f"ftp://{HOST}", f"mailto:a@{HOST}",
    f"xmpp:a@{HOST}", f"a.b+c@{HOST}", f"//{HOST}", "javascript:alert(1)", "data:text/html,x", ":smile:", ":+1:",
    ":material/home:", ":streamlit:", ":red[x]", ":red-background[x]", ":small[x]", ":color[x]{foreground=red}",
    "**x**", "__x__", "*x*", "_x_", "~~x~~", "`x`", "``x`` y", "```x```", "$x$", "$$x$$", r"\(x\)", r"\[x\]",
    r"\frac{1}{2}", f"[x](http://{HOST})", f"![x](http://{HOST}/p.png)", "[x][y]", "[^1]", f"[x]: http://{HOST}",
    f"<http://{HOST}>", f"<a@{HOST}>", "<b>x</b>", f"<img src=http://{HOST}/p.png onerror=alert(1)>",
    f"<a href=http://{HOST}>x</a>", "<script>alert(1)</script>", "<svg onload=alert(1)>", "<!-- x -->", "&lt;b&gt;",
    "&amp;", "&#42;x&#42;", "&copy;", "->", "<-", "<->", "--", "---", "- - -", ">=", "<=", "~=", "# x", "## x", "> x",
    "- x", "+ x", "* x", "1. x", "12) x", "| a | b |", "=", "===", "x | y", "{0}", "{name}", "{0.__class__}", "%s",
    "%(x)s", "\\", "\\\\", "x\\", "{{x}}", "${x}", "'", '"', "; --",
)  # fmt: skip
AROUND = ("{}", "x ({})", "“{}”, y", "{}.")
HOSTILE = tuple(dict.fromkeys(around.format(text) for text, around in itertools.product(PLAIN, AROUND)))
MARK = "qx"  # begins and ends what is fed, so that it is found wherever it is shown

# What Streamlit makes of text that Markdown has read: copied from its StreamlitMarkdown and the libraries there.
MADE = (
    r"(?i)(https?://|www(?=\.))([-.\w]+)([^ \t\r\n]*)", r"([-.\w+]+)@([-\w]+(?:\.[-\w]+)+)",
    r":\+1:|:-1:|:[\w-]+:", r":material/\w+:", r":streamlit:", r"(^|\s)(<->|->|<-|--|[<>~]=)(\s|$)",
)  # fmt: skip


def chunks(length: int, without: str = "") -> Iterator[str]:
    """Return all that is fed in texts of at most so many characters; `without` those that have one of these signs."""
    text = MARK
    for one in HOSTILE:
        if set(one) & set(without):
            continue
        if len(text) + len(one) + 6 > length:
            yield f"{text} {MARK}"
            text = MARK
        text += f" {one}"
    yield f"{text} {MARK}"


def test_there_are_some_hundred_of_them() -> None:
    assert len(HOSTILE) > 200
    assert all(HOST not in one or len(one) < 90 for one in HOSTILE)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_is_made_of_a_literal_text_and_it_reads_as_it_was(text: str) -> None:
    escaped = literal(text)
    assert spoken(escaped) == text
    assert not re.search(r"[\\`*_{}\[\]<>#$|~:&]", re.sub(r"\\[^\w\s]|\\_", "", escaped)), "all behind a backslash"
    shown = re.sub(r"\\([^\w\s]|_)", r"\1", escaped)  # after Markdown, before what Streamlit makes of it
    assert not any(re.search(pattern, shown) for pattern in MADE)


@pytest.mark.parametrize(
    "text", ["x\n# y", "x\r\n\r\ny", "x\u2028y", "    x", "x\u202ey", "\u2066x", "a\x00\x1b[0mb", "\t"]
)
def test_foreign_text_stays_in_its_line(text: str) -> None:
    assert not re.search(r"[\n\r\t\x00-\x1f\u2028\u2029\u202a-\u202e\u2066-\u2069]|^\s|\s$|\s\s", literal(text))


@pytest.mark.parametrize(
    "text", ["0.25", "−3 to 5", "SGD (2)", "Adam, AdaGrad", "rows: 12 of 30", "정답, 키", "it's 5%"]
)
def test_plain_text_stays_plain(text: str) -> None:
    assert literal(text).replace("\\", "") == text
    assert JOINER not in literal(text)


# -- every page


def texts(node: Any) -> Iterator[tuple[str, str]]:
    """Return every text of a page with where it stands: "markdown.body", "selectbox.options"."""
    for child in node.children.values():
        proto = getattr(child, "proto", None)
        if proto is not None and hasattr(proto, "ListFields"):
            yield from strings(proto, getattr(child, "type", ""))
        if hasattr(child, "children"):
            yield from texts(child)


def strings(message: Any, name: str) -> Iterator[tuple[str, str]]:
    for field, value in message.ListFields():
        for one in value if field.is_repeated else [value]:
            if isinstance(one, str):
                yield f"{name}.{field.name}", one
            elif hasattr(one, "ListFields"):
                yield from strings(one, f"{name}.{field.name}")


# Where Streamlit shows a text as it is (a browser test looks at each), or does not show it.
AS_IS = re.compile(
    r"(selectbox|multiselect)\.(options|raw_values?|default|set_value)|text_input\.(value|default)|code\.code_text"
    r"|(bidi_component|arrow_data_frame)\..*|.*\.(id|form_id|url|element_id)|.*image\.imgs\.url|file_uploader\..*"
)


def check(tested: AppTest, fed: list[str], shown: int) -> None:
    """All that was fed stands on the page only as `literal` writes it, and at least `shown` of it does.

    Some notices cut it; such a line is literal as a whole.
    """
    assert [error.message for error in tested.exception] == []
    found, written = 0, [literal(one) for one in fed]
    for where, text in texts(tested._tree):
        if AS_IS.fullmatch(where):
            continue
        for one in written:
            found += one in text
            text = text.replace(one, "")
        for line in text.split("  \n"):
            assert MARK not in line or line == literal(spoken(line)), f"{where}: {line}"
            found += MARK in line
    assert found >= shown


LANGS = tuple(language.languages())


@pytest.mark.heavy
@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize(
    ("page", "lang"), [("race", LANGS[0]), *((page, LANGS[(i + 1) % len(LANGS)]) for i, page in enumerate(STATES))]
)
def test_what_a_link_says_is_literal_on_every_page(page: str, lang: str) -> None:
    """Every parameter of every page with all that is hostile; five notices are shown at a time."""
    spec = visit(page, lang=lang).session_state[f"state {page}"]["spec"]
    long, short = list(chunks(900, "~_")), list(chunks(90))  # a link cuts a value at ~ and _
    parameters = [
        "lesson",
        *("rule" if name in ("contenders", "rules", "optimizer") else name for name in settings(spec)),
    ]
    parameters += [f"{MARK} {text} {MARK}" for text in HOSTILE[:5]]  # names that no page knows
    feed = itertools.cycle(long)
    for i in range(0, len(parameters), 5):
        title = short[i % len(short)]
        query = {name: [next(feed)] for name in parameters[i : i + 5]}
        fed = [title, *(value for [value] in query.values()), *query]
        query |= {"title": [title], "hide": [next(feed)], "lock": [next(feed)], "lang": [lang]}
        tested = visit(page, lang=lang, query=query)
        check(tested, [one for one in fed if MARK in one], shown=2)


@pytest.mark.usefixtures("idle")
def test_a_rule_and_its_settings_are_literal() -> None:
    for one in chunks(400, "~_"):
        for rule in (f"{one}~lr~1", f"sgd~{one}~1", f"sgd~lr~{one}", f"sgd~schedule~{one}", f"sgd~lr~1~{one}"):
            check(visit("race", query={"rule": [rule]}), [part for part in rule.split("~") if MARK in part] + [one], 1)


def hostile_table() -> bytes:
    """Return a table whose columns, target and classes are all hostile."""
    names = [f"{MARK} {text} {MARK}" for text in HOSTILE[::12]]
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([*names, f"{MARK} ![x](http://{HOST}/t.png) `x` $x$ {MARK}"])
    classes = [f"{MARK} {text} {MARK}" for text in (f"![x](http://{HOST}/c.png)", f"www.{HOST}", ":material/home: $x$")]
    for i in range(60):
        writer.writerow([*((i * (j + 3)) % 17 + 0.5 for j in range(len(names))), classes[i % 3]])
    return file.getvalue().encode()


@pytest.mark.heavy
@pytest.mark.parametrize("lang", LANGS)
def test_what_a_table_says_is_literal(lang: str) -> None:
    tested = AppTest.from_function(script, default_timeout=PATIENCE)
    tested.session_state["lang"] = lang
    tested.run()
    tested.file_uploader[0].set_value(
        (f"{MARK} www.{HOST} ![x](http://{HOST}/f.png) {MARK}.csv", hostile_table(), "text/csv")
    )
    tested.run()
    header = next(csv.reader(io.StringIO(hostile_table().decode())))
    check(tested, header, shown=1)
    if lang != "en":
        return  # AppTest takes labels as English in its lists
    tested.button("own use").click()
    tested.run()
    tested.run()
    tested.session_state["data look"] = True
    while not any("**60" in text.value for text in tested.markdown):
        tested.run()
    check(tested, header, shown=1)


# -- in a browser

# What is made of text: links, pictures, formulas, icons, bold, code, lists, other colours.
MADE_OF = "a, img, svg, .katex, [data-testid=stIconMaterial], strong, em, code, del, ul, ol, table, span[class]"


def shown(page: Page, place: str) -> str:
    """Return what a part of the page says; nothing may be made of it."""
    part = page.locator(place)
    assert part.locator(f":is(h1, p) :is({MADE_OF})").evaluate_all("parts => parts.map(part => part.outerHTML)") == []
    return " ".join(part.inner_text().replace(JOINER, "").split())


def test_a_browser_makes_nothing_of_what_a_link_says(app: str, page: Page) -> None:
    """The tab's own watch sees that nothing is fetched from another host."""
    long, titles = list(chunks(900)), itertools.cycle(chunks(90))
    for i in range(0, len(long), 5):
        title, told = next(titles), long[i : i + 5]
        query = {"lesson": told[0], "title": title, **dict.fromkeys(told[1:], "x")}
        page.goto(f"{app}race?{urlencode(query)}")
        expect(page.locator("[data-testid=stAlert]")).to_contain_text("There is no lesson")
        says = shown(page, "[data-testid=stAlert]")
        for one in told:
            assert one in says
        assert shown(page, "h1") == title


def test_a_browser_makes_nothing_of_what_a_table_says(app: str, page: Page) -> None:
    page.goto(f"{app}overfitting?epochs=2")
    page.get_by_role("button", name="Your own table").click()
    dialog = page.get_by_role("dialog")
    file = {"name": f"www.{HOST} ![x](http).csv", "mimeType": "text/csv", "buffer": hostile_table()}
    dialog.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]
    expect(dialog.get_by_text("27 numeric input columns")).to_be_visible()
    assert HOST not in dialog.locator(f":is({MADE_OF})").evaluate_all("all => all.map(one => one.outerHTML)").__str__()
    dialog.get_by_role("button", name="Use this table").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("rowheader", name="unregularized")).to_be_visible()
    assert page.locator(f"a[href*='{HOST}'], img[src*='{HOST}']").count() == 0
