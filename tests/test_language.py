"""Languages: every catalogue is complete, and the app shows no text that is not in the catalogues."""

from __future__ import annotations

import ast
import gettext
import itertools
import json
import pickle
import re
import time
from collections.abc import Collection, Iterator
from typing import Any

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po
from conftest import PATIENCE, ROOT, visit
from streamlit.testing.v1 import AppTest

from datasets import DATASETS
from experiments.descend import Race
from experiments.fit import Fit
from experiments.likelihood import CoinTosses
from experiments.maps import Map
from experiments.noise import Noisy
from experiments.remedies import Remedies
from experiments.studies import Comparison
from figures.scene import WORDS, literal
from lessons import lessons
from networks import ACTIVATIONS, INITS
from optimizers import RULES, SCHEDULES
from spec import N_n, settings
from surfaces import SURFACES
from tools import messages
from tools.messages import sources
from ui import frame, language
from ui.pages import pages

CODES = [code for code in language.languages() if code != language.SOURCE]
PAGES = [page.path for page in pages()]
each_language = pytest.mark.parametrize("code", CODES)
each_page = pytest.mark.parametrize("name", PAGES)


def source(name: str) -> str:
    return (ROOT / "pages" / f"{name}.py").read_text()


each_opened = pytest.mark.parametrize(  # until its training is over, where it trains
    "name", [pytest.param(name, marks=pytest.mark.heavy if "watch(" in source(name) else ()) for name in PAGES]
)


@pytest.fixture(scope="module")
def template() -> Catalog:
    return messages.extract()


def catalogue(code: str) -> Catalog:
    with messages.path(code).open("rb") as file:
        return read_po(file, locale=code, abort_invalid=True)


def pairs(code: str) -> list[tuple[str, str]]:
    """Return every message of a language with its translation, in every form that it has there."""
    told = [(sources(message)[-1], messages.forms(message)) for message in catalogue(code) if message.id]
    return [(text, form) for text, forms in told for form in forms]


# -- the catalogues


def test_messages_are_found_everywhere(template: Catalog) -> None:
    files = {file.split("/")[0] for message in template for file, _line in message.locations}
    assert {"pages", "ui", "figures", "experiments", "optimizers", "surfaces", "networks", "datasets", "spec"} <= files


def test_everything_that_has_a_name_is_marked(template: Catalog) -> None:
    """What pages translate when they show it (titles, sentences, labels) must be marked where it is written."""
    registries = (RULES, SCHEDULES, SURFACES, DATASETS, ACTIVATIONS, INITS)
    entries = [*pages(), *(entry for registry in registries for entry in registry.values())]
    facts = ("title", "sentence", "question", "section", "terms")
    said = [str(getattr(entry, fact, "")) for entry in entries for fact in facts]
    said += [name for data in DATASETS.values() for name in data.classes if not name.isdigit()]
    specs = (
        Race,
        Fit,
        Comparison,
        Remedies,
        CoinTosses,
        Noisy,
        Map,
        *RULES.values(),
        *SCHEDULES.values(),
        *SURFACES.values(),
    )
    for spec in specs:
        said += [text for fact in settings(spec).values() for text in (fact.label, fact.help, fact.mistake)]
    said += [line.sentence for rule in RULES.values() for line in rule().lines]
    assert [text for text in said if text and text not in template] == []


@each_language
def test_a_catalogue_is_what_the_command_writes(code: str, template: Catalog) -> None:
    """It follows the code's messages, and writing it again changes nothing: `make messages` brings it there."""
    assert messages.updated(code, template) == messages.path(code).read_text(encoding="utf-8")


@each_language
def test_a_catalogue_is_complete(code: str, template: Catalog) -> None:
    held = catalogue(code)
    assert sorted(str(m.id) for m in held if m.id) == sorted(str(m.id) for m in template if m.id)
    assert [message.id for message in held if message.id and not all(messages.forms(message))] == []
    assert [message.id for message in held if message.fuzzy] == []
    assert dict(held.obsolete) == {}


@each_language
def test_a_translation_keeps_what_is_not_language(code: str) -> None:
    held = catalogue(code)
    assert list(held.check()) == []
    for source, translation in pairs(code):
        for kept in (r"\{[^}]*\}", r"\*\*", r"`", r"\$", r"^\s|\s$"):
            wanted, found = sorted(re.findall(kept, source)), sorted(re.findall(kept, translation))
            assert found == wanted, f"{source!r} -> {translation!r}"


# -- counts

ONE = re.compile(r"\b(?:a|an|any|another|each|every|first|last|no|one|per|same|the|this) (?:[a-z]+ )??([a-z]{2,})\b")
COUNTED = re.compile(r"\{(\w+)\}((?:\*{0,2} [a-z-]+){1,4})")
NO_ADJECTIVE = set("and are as at by for from in is its of on or than the to with".split())  # noqa: SIM905
BOUNDS = {"least", "limit", "most"}  # a message that names a bound speaks of the numbers up to it, or beyond it
THINGS = {"label", "measure", "name", "names", "rule", "rules"}  # these are subjects of a verb


def plurals(texts: Collection[str]) -> set[str]:
    """Return the plural forms of the nouns that texts have in the singular, such as "every step"."""
    nouns = {noun for text in texts for noun in ONE.findall(text)}
    return {form for noun in nouns for form in (f"{noun}s", f"{noun}es", f"{noun[:-1]}ies")}


def miscounted(text: str, nouns: set[str]) -> list[str]:
    """Return what a message would say wrongly for 1: a plural noun after the count, and its adjectives.

    "3 times as many" and "3 times the size" are factors, not counts.
    """
    found = []
    if not BOUNDS & set(re.findall(r"\{(\w+)\}", text)):
        for name, after in COUNTED.findall(text):
            phrase = list(itertools.takewhile(lambda word: word not in NO_ADJECTIVE, re.findall("[a-z-]+", after)))
            factor = re.match(r"\*{0,2} times\*{0,2} (as|the)\b", after)
            if name not in THINGS and not factor and nouns.intersection(phrase):
                found.append(f"1 {' '.join(phrase)}")
    return found


def test_one_is_not_followed_by_a_plural(template: Catalog) -> None:
    """A message that puts a count before a noun has a form for 1, marked with `N_n`."""
    nouns = plurals([text for message in template for text in sources(message)])
    for one, *many in map(sources, template):
        nouns |= {word for text in many for word in re.findall("[a-z]+s", text) if word not in one}
    assert nouns >= {"steps", "epochs", "rows", "networks", "classes", "runs"}
    once = [sources(message)[0] for message in template if message.id]
    assert {text: wrong for text in once if (wrong := miscounted(text, nouns))} == {}
    counted = [message.id for message in template if len(sources(message)) > 1]
    assert len(counted) > 10
    assert [forms for forms in counted if not miscounted(forms[1], nouns)] == [], "the rule finds what it is for"


def test_a_count_chooses_the_form() -> None:
    for code in language.languages():
        for count, text in ((1, "1 row"), (0, "0 rows"), (21, "21 rows")):
            message = pickle.loads(pickle.dumps(N_n("{count} row", "{count} rows", count)))
            said = language.translated(message, code).format(count=count)
            assert said == (text if code == "en" else f"{count}행")


def test_korean_is_right_for_every_value() -> None:
    """A particle depends on the sound before it, so none may follow a value; and one form of address is kept."""
    endings = "은|는|이|가|을|를|과|와|아|야|으?로|이?나|이?란|이?라서?|이?여야|이어야|예요|이에요"
    particle = re.compile(rf"\}}(\*\*)?({endings})(?![가-힣])")
    broken_bold = re.compile(r"[^\w}]\*\*[가-힣]")  # Markdown does not close bold between a sign and a letter
    for _source, translation in pairs("ko"):
        assert not particle.search(translation), translation
        assert not broken_bold.search(re.sub(r"\*\*(.*?)\*\*", r"\1**", translation)), translation
        assert not re.search(r"(?<!주세)요\.|십시오|하세요", translation), translation


@each_language
def test_streamlit_words_are_replaced_by_those_of_the_language(code: str) -> None:
    """Its instructions are in English only; placeholders are arguments, and a multiselect without one says English."""
    held = dict(pairs(code))
    style = "".join(block.value for block in visit("race", lang=code).get("html") if "<style>" in block.value)
    assert all(f'content: "{held[text]}"' in style for text in frame.WORDS.values())
    files = [file for folder in ("pages", "ui") for file in (ROOT / folder).glob("*.py")]
    calls = [call for file in files for call in ast.walk(ast.parse(file.read_text())) if isinstance(call, ast.Call)]
    chosen = [call for call in calls if ast.unparse(call.func).endswith("multiselect")]
    assert chosen
    assert all("placeholder" in {word.arg for word in call.keywords} for call in chosen)


# -- what a page says

ELSEWHERE = {"latex", "code", "html"}  # formulas, program text and style sheets are no language
SHOWN = ("alt", "body", "caption", "content", "help", "label", "options", "placeholder", "text", "title", "tooltip")
SHOWN_ON_STAGE = ("alt", "cells", "columns", "label", "name", "says", "text", "title", "words")


def spoken(tested: AppTest) -> Iterator[str]:
    """Yield every text of a page that a reader sees or hears."""
    for node in (*tested.main, *tested.sidebar):
        if node.type == "bidi_component":
            data = scene(node.proto) if node.key.endswith("stage") else json.loads(node.proto.json)
            yield from on_stage(data)
        elif node.type == "arrow_data_frame":
            yield from node.value.columns  # type: ignore[union-attr]
        elif node.type not in ELSEWHERE and node.proto is not None:
            yield from in_message(node.proto)


def in_message(message: Any) -> Iterator[str]:
    """Yield the texts of a Streamlit element, which is a protocol buffer."""
    for field, value in message.ListFields():
        parts = value if field.is_repeated else [value]
        if field.message_type is not None:
            for part in parts if not field.message_type.GetOptions().map_entry else ():
                yield from in_message(part)
        elif field.name in SHOWN:
            yield from (part for part in parts if isinstance(part, str))


def scene(proto: Any) -> dict[str, Any]:
    """Return the scene that was sent to the stage, without its arrays."""
    packed = proto.bytes
    return json.loads(packed[4 : 4 + int.from_bytes(packed[:4], "little")])


def on_stage(part: Any, *, shown: bool = False) -> Iterator[str]:
    if isinstance(part, str):
        yield from [part] if shown else []
    elif isinstance(part, dict):
        for name, value in part.items():
            if name not in ("palettes", "side"):  # colours, and where a colour bar has its title
                yield from on_stage(value, shown=name in SHOWN_ON_STAGE or (shown and isinstance(value, str)))
    elif isinstance(part, list):
        for value in part:
            yield from on_stage(value, shown=shown)


def open_all(tested: AppTest) -> AppTest:
    """Open every menu and folded part, and let a training come to its end."""
    for block in (*tested.get("expander"), *tested.get("popover")):
        tested.session_state[str(block.key)] = True
    tested.run()
    deadline = time.monotonic() + PATIENCE
    while "run" in tested.session_state and tested.session_state["run"].view().state != "done":
        assert time.monotonic() < deadline, tested.session_state["run"].view()
        time.sleep(0.1)
        tested.run()  # a run that nobody looks at is given up
    return tested.run()


# -- nothing is said past the catalogues

CITED = {rule.paper for rule in RULES.values()}
CITED |= {entry.source for entry in (*SURFACES.values(), *DATASETS.values())}
NAMES = {"Descent Lab", *language.languages().values()}  # the program's name, and each language's name for itself
COLUMNS = {name for data in DATASETS.values() for name in data.names}  # where untranslated, as the source names them
# Markdown's icons, colours and addresses, authors with a year, and the notation of formulas.
NO_LANGUAGE = re.compile(
    r":material/\w+:|!\[\]\(\S+\)|:\w+\[|\[[\w, ]+ \(\d{4}\)\]|\(https?://\S+|\bln L\b"
    r"|λ(min|max)|\b(?:AUC|CSV|NPZ)\b|<br>|\{\w+\}|\w+\.npz"
)
KEPT = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, sorted(CITED | NAMES | COLUMNS, key=len, reverse=True)))})(?!\w)")


LESSONS = [  # they carry their languages themselves
    literal(line) for lesson in lessons().values() for text in lesson.texts.values() for line in text[:2]
]


class Foreign(gettext.NullTranslations):
    """A language without one English letter: what is still English on a page has not been translated, or not marked."""

    def __init__(self, template: Catalog) -> None:
        super().__init__()
        self.messages = {text for message in template for text in sources(message)}

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)

    def gettext(self, message: str) -> str:
        if message not in self.messages:
            return message
        parts = re.split(r"(\{\w+\})", message)  # placeholders stay
        return "".join(part if i % 2 else re.sub("[A-Za-z]", self.wide, part) for i, part in enumerate(parts))

    @staticmethod
    def wide(letter: re.Match[str]) -> str:
        return chr(ord(letter[0]) + 0xFEE0)


def english(text: str) -> list[str]:
    """Return the English words of a text, apart from names and citations."""
    for told in LESSONS:
        text = text.replace(told, "")
    return re.findall(r"[A-Za-z]{2,}", NO_LANGUAGE.sub("", KEPT.sub("", text)))


@pytest.fixture
def foreign(template: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "catalogue", lambda code: Foreign(template))


@each_opened
@pytest.mark.usefixtures("foreign")
def test_nothing_on_a_page_bypasses_the_catalogues(name: str) -> None:
    first = visit(name, query={"epochs": ["6"]} if "watch(" in source(name) else {})
    for tested in (first, open_all(first)):
        texts = list(spoken(tested))
        assert any("\uff21" <= letter <= "\uff5a" for text in texts for letter in text), "the page speaks"
        assert [(text, words) for text in texts if (words := english(text))] == []


@each_page
@pytest.mark.usefixtures("foreign")
def test_no_notice_bypasses_the_catalogues(name: str) -> None:
    """A notice quotes the link, and the words a link may hold; all else in it is translated."""
    if "PageState(" not in source(name):
        return
    broken = {"surface": ["atlantis"], "dataset": ["atlantis"], "steps": ["many"], "epochs": ["0"], "seed": ["1e9"],
              "rule": ["sgd~lr~-1"], "seeds": ["many"], "together": ["many"], "nothing": ["many"]}  # fmt: skip
    tested = visit(name, query=broken)
    assert tested.warning
    quoted = {*broken, "atlantis", "many", *RULES, *SURFACES, *DATASETS}
    for warning in tested.warning:
        words = set(english(warning.value.replace("\\", ""))) - {part for word in quoted for part in word.split("_")}
        assert not words, warning.value


@pytest.mark.heavy
@each_language
@each_opened
def test_a_page_says_nothing_that_has_a_translation(code: str, name: str) -> None:
    """In a real language too: no text stays as it stands in the code where the catalogue has another."""
    differ = {text for text, translation in pairs(code) if translation != text}
    differ |= {text[:1].upper() + text[1:] for text in differ}
    differ -= {translation for _text, translation in pairs(code)}  # the rule Momentum has a coefficient called momentum
    tested = open_all(visit(name, lang=code, query={"epochs": ["6"]} if "watch(" in source(name) else {}))
    assert differ & set(spoken(tested)) == set()


def test_the_stage_takes_its_words_from_the_scene() -> None:
    """No text that the browser's half shows stands in its code."""
    files = {file.stem: file.read_text() for file in sorted((ROOT / "ui" / "stage").rglob("*.js"))}
    code = "".join(files.values())
    shows = r"(?:textContent|innerText|innerHTML|title|alt|placeholder|value) = |\"aria-label\", |(?:fill|stroke)Text\("
    texts = re.findall(rf"(?:{shows})[\"'`]([^\"'`]*)[\"'`]", code)
    assert texts, "the pattern still fits the code"
    assert [text for text in texts if re.search(r"[A-Za-z]{2,}", re.sub(r"\$\{[^}]*\}", "", text))] == []
    del files["present"]  # whose words come from ui/present.py, with its own data
    assert set(re.findall(r"\bwords\.(\w+)", "".join(files.values()))) <= set(WORDS)
