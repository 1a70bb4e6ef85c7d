"""The page state holds the settings of one page: one Spec, the same in session, address bar and widgets.

The Spec in the session is the single source of truth. Every change (a widget, a click on the stage, the back button, a
link) makes a new Spec; widgets and address bar are then updated from it.
"""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

import lessons
from experiments import links
from experiments.descend import placed
from figures import caption
from figures.contract import About
from figures.scene import literal
from lessons import Lesson
from optimizers import Optimizer
from spec import N_, Refused, settings
from surfaces import mended
from ui import language
from ui.language import _

S = TypeVar("S")
LAG = 1.0  # seconds for which the browser may still report the previous address

# Parameters of every page that are not settings: the frame reads them, and they stay as they are.
FRAME = ("lang", "present", "step", "title", "hide", "lock")


class Draft(NamedTuple):
    """Invalid text that was typed, or came with a link: the field's value before it, the text, and the reason."""

    before: Any
    text: str
    refusal: Refused


class PageState(Generic[S]):
    """The settings of page `name`, of class S.

    `default(anchors)` returns the default Spec, whose fields a link leaves out; `anchors` are the fields of the link
    on which it depends (each surface has its own starting point), and the argument `anchors` names them.
    `suggest(spec)(optimizer class)` returns an optimizer with a suitable learning rate for this Spec. `own` are
    parameters of the page that do not belong to the Spec (a view), as {name: allowed values, the default first}.
    `check(spec, own)` raises `Refused` if a Spec cannot be shown in the chosen views. `opening` is the Spec that an
    empty link opens if that is not the default: so a page can open with new settings, while links of earlier versions
    keep their meaning.
    """

    def __init__(
        self,
        name: str,
        default: Callable[[dict[str, str]], S],
        suggest: Callable[[S], links.Suggest],
        anchors: tuple[str, ...] = (),
        own: dict[str, tuple[str, ...]] | None = None,
        check: Callable[[S, dict[str, str]], None] | None = None,
        opening: S | None = None,
    ) -> None:
        self.name = name
        self._default = default
        self._suggest = suggest
        self._anchors = anchors
        self.own = own or {}
        self._check = check or (lambda spec, own: None)
        self._opening = opening
        self.controls: dict[str, str] = {}  # the labels of those drawn in this script run, by name
        st.session_state["present state"] = self
        self._arrive()
        self._kept = {
            part: frozenset(names(part)) | frozenset(getattr(self.lesson, part, ())) for part in ("hide", "lock")
        }

    @property
    def _store(self) -> dict[str, Any]:
        return st.session_state[f"state {self.name}"]

    @property
    def key(self) -> str:
        """The prefix of the page's widget keys; it contains the language, because the options depend on it."""
        return f"{self.name} {language.current()}"

    @property
    def spec(self) -> S:
        return self._store["spec"]

    @property
    def drafts(self) -> dict[str, Draft]:
        """The invalid texts in text fields, by the field's key without the page's prefix."""
        return self._store["drafts"]

    @property
    def usual(self) -> S:
        """The default Spec."""
        return self._default({}) if self._opening is None else self._opening

    def view(self, name: str) -> str:
        """Return the page's own parameter `name`."""
        return self._store["own"][name]

    @property
    def lesson(self) -> Lesson | None:
        """The lesson that the page shows, if any."""
        return lessons.find(self._store["lesson"])

    def offers(self, name: str, label: str) -> bool:
        """Return whether a control is drawn: a lesson or the link may hide it.

        `name` is its parameter in the link (or "presets"), `label` its label; `controls` stores both.
        """
        self.controls[name] = label
        return name not in self._kept["hide"]

    def locks(self, name: str) -> bool:
        """Return whether the control of this name is shown but disabled."""
        return name in self._kept["lock"]

    def suggest(self, rule: type[Optimizer]) -> Optimizer:
        """Return an optimizer with a suitable learning rate for the current settings."""
        return self._suggest(self.spec)(rule)

    # -- changes, called from callbacks

    def put(self, spec: S, **own: str) -> None:
        """Set the Spec and, if given, the page's own parameters; raises `Refused` if `check` does."""
        own = self._store["own"] | own
        self._check(spec, own)
        st.session_state["touched"] = True
        spec, notices = placed(spec)
        self._store.update(spec=spec, own=own, notices=self._store.pop("held", []) + notices)

    def change(self, **fields: Any) -> None:
        """Change fields of the Spec; if that is refused, leave it as it is and show a notice."""
        try:
            self.put(dataclasses.replace(self.spec, **fields))  # type: ignore[type-var]
        except Refused as refusal:
            self.refuse(refusal)

    def refuse(self, refusal: Refused) -> None:
        """Leave the Spec as it is, and show the reason."""
        st.session_state["touched"] = True
        self._store["notices"] = [*self._store.pop("held", []), refusal]

    def hold_notices(self) -> None:
        """Keep the current notices through the next change."""
        self._store["held"] = self._store["notices"]

    def turn(self, name: str, value: str) -> None:
        """Set the page's own parameter `name`; if that is refused, leave it as it is and show a notice."""
        try:
            self.put(self.spec, **{name: value})
        except Refused as refusal:
            self.refuse(refusal)

    # -- the address bar

    def _arrive(self) -> None:
        """Take the Spec from the address if the address has changed, otherwise from the session."""
        query = {name: st.query_params.get_all(name) for name in st.query_params if name not in FRAME}
        key = f"state {self.name}"
        saved = st.session_state.get(key)
        stayed = st.session_state.get("state") == self.name
        touched = st.session_state.pop("touched", False)
        st.session_state["state"] = self.name
        if saved is None:
            news = True
        else:
            late = not went_back() and query == saved["before"] and time.monotonic() - saved["at"] < LAG
            known = touched or late or query == saved["query"]
            news = not known and (stayed or bool(query))  # a return by the menu finds the page as it was left
        if news:
            asked = dict(query)
            lesson = asked.pop("lesson", [""])[-1]
            found = lessons.find(lesson)
            mine = found is not None and found.page == self.name
            spec, own, notices = self._read((found.query if found and mine else {}) | asked)
            if lesson and not mine:
                notices.insert(0, Refused(N_("There is no lesson {name} on this page."), name=lesson[: links.LONGEST]))
            st.session_state[key] = {
                "spec": spec, "own": own, "notices": notices, "query": query, "before": None, "at": 0.0,
                "lesson": lesson if mine else "", "drafts": _drafted(query),
            }  # fmt: skip

    def _read(self, query: dict[str, list[str]]) -> tuple[S, dict[str, str], list[Refused]]:
        anchors = {name: query[name][-1] for name in self._anchors if name in query}
        base = self._default(anchors) if links.named(query, self.usual) else self.usual
        spec, notices = links.read(query, base, self._suggest(base), known=tuple(self.own))
        own = {}
        for name, choices in self.own.items():
            asked = query.get(name, [choices[0]])[-1]
            own[name] = asked if asked in choices else choices[0]
            if asked not in choices:
                notices.append(links.unknown_choice(name, asked, choices))
        spec, moved = placed(spec)
        try:
            self._check(spec, own)
        except Refused as refusal:
            notices.append(refusal)
            own = {name: choices[0] for name, choices in self.own.items()}
        return spec, own, notices + moved

    def query(self) -> dict[str, list[str]]:
        """Return the parameters of a link to the current state: what differs from the page's defaults or the lesson."""
        whole = self.whole()
        if self.lesson is None:
            return whole
        told = self.lesson.query
        differs = {name: value for name, value in whole.items() if told.get(name) != value}
        for name in told:  # the reader has set the page's default, but the lesson has another value
            if name not in whole:
                differs[name] = [self.view(name)] if name in self.own else links.spelled(self.spec, name, self.suggest)
        return {"lesson": [self.lesson.key]} | differs

    def _anchored(self) -> tuple[dict[str, list[str]], S]:
        """Return the anchors that the link needs, and the Spec of a link that has only these."""
        first = links.write(self.spec, self._default({}), self._suggest(self.spec))
        anchors = {name: first[name] for name in self._anchors if name in first}
        return anchors, self._default({name: value[-1] for name, value in anchors.items()})

    def whole(self) -> dict[str, list[str]]:
        """Return the parameters of a link to the current state without a lesson."""
        own = {name: [self.view(name)] for name, choices in self.own.items() if self.view(name) != choices[0]}
        if self.spec == self.usual:
            return own
        anchors, base = self._anchored()
        query = anchors | links.write(self.spec, base, self._suggest(self.spec))
        if not query:  # the default, but an empty link would open `opening`
            query = {name: links.spelled(self.spec, name, self.suggest) for name in self._anchors}
        return query | own

    def about(self) -> About:
        """Return the caption of a saved picture.

        `file` is the name of its file, `link` the part of its address after the server's, and `settings` describes the
        settings that differ from the defaults.
        """
        subject = next((getattr(self.spec, field) for field in caption.ALWAYS if field in settings(self.spec)), "")
        shown = self.lesson.key if self.lesson else subject
        return {
            "file": "-".join(re.findall(r"[a-z0-9.]+", f"{self.name} {shown.lower()}"))[:60],
            "link": f"{self.name}?{written(self.query())}".rstrip("?"),
            "settings": caption.words(self.spec, self._anchored()[1], self._suggest(self.spec), _),
        }  # fmt: skip

    def publish(self) -> None:
        """Write the current state to the address bar, without defaults."""
        query = self.query()
        store = self._store
        frame = {name: st.query_params.get_all(name) for name in FRAME if name != "lang" and name in st.query_params}
        frame |= {} if language.current() == language.preferred() else {"lang": [language.current()]}
        if query != store["query"]:
            store.update(query=query, before=store["query"], at=time.monotonic())
        wanted = frame | query
        shown = {name: st.query_params.get_all(name) for name in st.query_params}
        if shown != wanted and not ("lang" not in frame and shown == wanted | {"lang": [language.current()]}):
            st.query_params.from_dict(wanted)

    def notices(self) -> None:
        """Show the notices about invalid values, until the next change."""
        if refusals := self._store["notices"][:5]:
            st.warning("  \n".join(map(said, refusals)), icon=":material/info:")


def _drafted(query: dict[str, list[str]]) -> dict[str, Draft]:
    """Return the invalid settings of the link's surface, such as a formula, to be corrected in their fields."""
    try:
        surface, refused = mended(query.get("surface", [""])[-1][: links.LONGEST])
    except Refused:
        return {}
    return {
        f" surface {surface.key} {part}": Draft(getattr(surface, part), text, refusal)
        for part, (text, refusal) in refused.items()
    }


def went_back() -> bool:
    """Return whether the browser's Back or Forward started this script run; then the address counts."""
    run = get_script_run_ctx()
    return run is not None and run.is_history_navigation


def present() -> PageState[Any]:
    """Return the page state of the page that is shown."""
    return st.session_state["present state"]


def written(query: dict[str, list[str]]) -> str:
    """Return parameters as the query of an address, escaping as few characters as possible."""
    return urlencode(query, doseq=True, safe="~,:")


def names(parameter: str) -> list[str]:
    """Return the names that a parameter of the address lists with commas between them."""
    return [name for name in st.query_params.get(parameter, "").split(",") if name]


def said(refusal: Refused) -> str:
    """Return a refusal's sentence in the reader's language, with Markdown in its values escaped."""
    values = {name: _(str(value)) if name in ("label", "entry") else value for name, value in refusal.values.items()}
    text = _(refusal.text).format(**values)
    text = text[:1].upper() + text[1:]
    return literal(text)
