"""Widgets for the fields of a Spec: one widget a field, made from what the field says of itself."""

from __future__ import annotations

import dataclasses
import math
import typing
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from figures import readings, theme
from optimizers import RULES, Optimizer
from spec import N_, Refused, Setting, settings, type_hints
from surfaces import SURFACES, find
from ui.desk import Desk, said
from ui.language import _

STEPS = (1, 1.5, 2, 3, 5, 7)  # a logarithmic slider's stops within a power of ten
MOST = 8  # contenders that one picture can still tell apart


def symbol(latex: str) -> str:
    r"""Return a symbol such as \beta_1 as plain text: β₁."""
    name, _sep, index = latex.partition("_")
    if name.startswith("\\"):
        name = unicodedata.lookup(f"GREEK SMALL LETTER {'lamda' if name == chr(92) + 'lambda' else name[1:]}")
    return name + "".join(chr(0x2080 + int(digit)) for digit in index)


def caption(fact: Setting) -> str:
    """Return a field's label with its symbol, in the reader's language."""
    label = _(fact.label)
    return f"{label[:1].upper()}{label[1:]} {symbol(fact.symbol)}".rstrip()


def _brief(value: float) -> str:
    return f"{value:.12g}"


def stops(low: float, high: float, *values: float) -> list[float]:
    """Return the stops of a logarithmic slider from low to high, `values` among them wherever they lie."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    nice = {float(f"{step * 10.0**power:.2g}") for power in powers for step in STEPS}
    return sorted({value for value in nice if low <= value <= high} | {float(value) for value in values})


def field(desk: Desk, name: str, *, choices: Mapping[Any, str] | None = None,
          on: Callable[[Any], None] | None = None) -> None:  # fmt: skip
    """Draw the widget for field `name` of the desk's Spec.

    `choices` gives names for people; `on` replaces the plain change of the field.
    """
    change = on or (lambda value: desk.change(**{name: value}))
    draw(desk, f"{desk.key} {name}", desk.spec, name, change, choices=choices)


def draw(desk: Desk, key: str, spec: Any, name: str, change: Callable[[Any], None], *,
         choices: Mapping[Any, str] | None = None, label: str = "", hide_label: bool = False) -> None:  # fmt: skip
    """Draw a widget for one field of a Spec; `change(value)` is called with what the reader chose."""
    fact = settings(spec)[name]
    value = getattr(spec, name)
    kind = type_hints(type(spec))[name]
    common: dict[str, Any] = {
        "label": label or caption(fact), "key": key, "help": _(fact.help) or None,
        "label_visibility": "collapsed" if hide_label else "visible",
    }  # fmt: skip

    def changed(convert: Callable[[Any], Any] = lambda chosen: chosen) -> dict[str, Any]:
        def act() -> None:
            try:
                change(convert(st.session_state[key]))
            except Refused as refusal:
                desk.refuse(refusal)

        return {"on_change": act}

    if choices is not None:
        options = list(choices)
        index = options.index(follow(key, value))
        st.selectbox(options=options, index=index, format_func=choices.__getitem__, **common, **changed())
    elif fact.choices:
        index = fact.choices.index(follow(key, value))
        st.selectbox(options=fact.choices, index=index, format_func=_, **common, **changed())
    elif kind is bool:
        st.toggle(value=follow(key, value), **common, **changed())
    elif kind is str:
        _typed(desk, key, value, change, common)
    elif isinstance(value, tuple):
        text = follow(key, ", ".join(map(_brief, value)))
        st.text_input(value=text, **common, **changed(lambda text: _numbers(text, kind, caption(fact))))
    elif fact.log and fact.low and fact.high:
        far = min(max(abs(value), 1e-12), 1e12)  # stops on both sides of any value, short of the ends of a float
        low, high = (min(fact.low, far / 10), max(fact.high, far * 10)) if value else (fact.low, fact.high)
        options = stops(low, high, value)
        if kind is int:
            options = sorted({round(option) for option in options})
        st.select_slider(options=options, value=follow(key, value), format_func=_brief, **common, **changed())
    elif kind is int and fact.low is not None and fact.high is not None:
        low, high = int(min(fact.low, value)), int(max(fact.high, value))
        st.slider(value=follow(key, value), min_value=low, max_value=high, **common, **changed())
    elif kind is float and fact.low is not None and fact.high is not None:
        low, high = min(fact.low, value), max(fact.high, value)
        step = float(f"{(fact.high - fact.low) / 100:.0e}")
        shown = follow(key, float(value))
        ends = {"min_value": float(low), "max_value": float(high)}
        st.slider(value=shown, step=step, format="%g", **ends, **common, **changed())
    elif kind in (int, float):
        shown = follow(key, value)
        kinds: dict[str, Any] = {"step": 1} if kind is int else {"format": "%g"}
        st.number_input(value=shown, **kinds, **common, **changed())
    else:
        raise TypeError(f"no widget for field {name} of type {kind}")


def follow(key: str, value: Any) -> Any:
    """Let the widget with this key show the Spec's value, and return it, to be the widget's default too.

    The session is written only where it differs, so a slider in the hand is left alone. The default matters to a
    browser that draws the widget late, after a second run: it would show, and report, the lowest value otherwise.
    """
    if st.session_state.get(key) != value:
        st.session_state[key] = value
    return value


def _typed(desk: Desk, key: str, value: str, change: Callable[[str], None], common: dict[str, Any]) -> None:
    """Draw a text that takes effect while it is typed; what cannot be used yet stays in the field, with the reason."""
    store = f"{key} draft"

    def act() -> None:
        text = st.session_state[key]
        st.session_state.pop(store, None)
        try:
            change(text)
        except Refused as refusal:
            st.session_state[store] = (value, text, refusal)

    before, text, refusal = st.session_state.get(store, (None, None, None))
    drafted = before == value  # else the text has changed elsewhere since
    st.text_input(value=text if drafted else follow(key, value), live=True, on_change=act, **common)
    if drafted:
        st.caption(f":red[{said(refusal)}]")


def _numbers(text: str, kind: Any, label: str) -> tuple[Any, ...]:
    """Return numbers typed as "64, 32" as a tuple."""
    number = typing.get_args(kind)[0]
    try:
        return tuple(number(part) for part in text.replace(",", " ").split())
    except ValueError:
        raise Refused(N_("{label} must be numbers with commas between them, such as 32, 16; not {value}."),
                      label=label, value=text[:80]) from None  # fmt: skip


def surface(desk: Desk, change: Callable[[str], None]) -> None:
    """Draw the choice of a surface, and the settings of the one chosen; `change(name)` takes the new one's name."""
    current: Any = find(desk.spec.surface)
    key = f"{desk.key} surface"
    titles = {name: _(entry.title) for name, entry in SURFACES.items()}
    st.selectbox(
        _("Surface"), list(titles), index=list(titles).index(follow(key, current.key)), key=key,
        format_func=titles.__getitem__, on_change=lambda: change(st.session_state[key]),
    )  # fmt: skip
    st.caption(f"{_(current.sentence)} {readings.curved(current, _)}")
    for part in settings(current):
        draw(desk, f"{key} {current.key} {part}", current, part,
             lambda value, part=part: change(dataclasses.replace(current, **{part: value}).name))  # fmt: skip


def start(desk: Desk, stage: str) -> None:
    """Take the start that the reader clicked or dragged on the stage with this key."""
    wish = st.session_state[stage].start
    try:
        desk.change(start=tuple(float(part) for part in wish["at"]))
    except (TypeError, ValueError, KeyError):
        desk.refuse(Refused(N_("The start must be two numbers.")))


def dragging(stage: str) -> bool:
    """Return whether the reader is dragging the start over the stage with this key, so that haste is needed."""
    wish = getattr(st.session_state.get(stage), "start", None)
    return isinstance(wish, dict) and wish.get("dragging") is True


def contenders(desk: Desk, name: str) -> None:
    """Draw the list of rules: each with its learning rate and a menu of its other settings, and a way to add one."""
    rules: tuple[Optimizer, ...] = getattr(desk.spec, name)
    marks = []
    for i, (rule, look) in enumerate(zip(rules, theme.styles(rules), strict=True)):
        with st.container(key=f"{desk.name}-contender-{i}", gap="small"):
            _contender(desk, name, rules, i, rule)
        light, dark = (theme.PALETTES[mode][look["color"][1:]] for mode in ("light", "dark"))
        marks.append(f".st-key-{desk.name}-contender-{i} {{ border-left: 4px solid light-dark({light}, {dark}); "
                     f"padding-left: .7rem; }}")  # fmt: skip
    st.html(f"<style>{' '.join(marks)}</style>")
    if len(rules) < MOST:
        taken = {rule.key for rule in rules}
        new = next((key for key in RULES if key not in taken), "sgd")
        st.button(_("Add a rule"), icon=":material/add:", key=f"{desk.key} add", type="tertiary",
                  on_click=lambda: desk.change(**{name: (*rules, desk.suggest(RULES[new]))}))  # fmt: skip


def _rule_title(key: str) -> str:
    return _(RULES[key].title)


def _contender(desk: Desk, name: str, rules: tuple[Optimizer, ...], i: int, rule: Optimizer) -> None:
    def swap(new: Optimizer | None) -> None:
        desk.change(**{name: (*rules[:i], *([new] if new else []), *rules[i + 1 :])})

    key = f"{desk.key} rule {i}"
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        index = list(RULES).index(follow(key, rule.key))
        st.selectbox(
            _("Rule {number}").format(number=i + 1), list(RULES), index=index, format_func=_rule_title,
            key=key, label_visibility="collapsed",
            on_change=lambda: swap(desk.suggest(RULES[st.session_state[key]])),
        )  # fmt: skip
        menu = st.popover("", icon=":material/tune:", key=f"{key} menu", on_change="rerun",
                          help=_("Settings of {rule}").format(rule=_(rule.title)))  # fmt: skip
    draw(desk, f"{key} lr", rule, "lr", lambda value: swap(dataclasses.replace(rule, lr=value)),
         label=_("Learning rate of {rule}").format(rule=_(rule.title)), hide_label=True)  # fmt: skip
    if menu.open:  # its content is computed only while it is seen
        with menu:
            _menu(desk, key, rule, swap, last=len(rules) == 1)


def _menu(desk: Desk, key: str, rule: Optimizer, swap: Callable[[Optimizer | None], None], *, last: bool) -> None:
    exact = f"{key} exact"
    rate = follow(exact, _brief(rule.lr))

    def typed() -> None:
        try:
            swap(dataclasses.replace(rule, lr=_numbers(st.session_state[exact], tuple[float], _("learning rate"))[0]))
        except IndexError:
            desk.refuse(Refused(N_("The learning rate is empty; type a number such as 0.01.")))
        except Refused as refusal:
            desk.refuse(refusal)

    st.text_input(_("Exact learning rate η"), value=rate, key=exact, on_change=typed)
    for name in settings(rule):
        if name != "lr":
            draw(desk, f"{key} {name}", rule, name,
                 lambda value, name=name: swap(dataclasses.replace(rule, **{name: value})))  # fmt: skip
    if not last:
        st.button(_("Remove"), icon=":material/delete:", key=f"{key} remove", on_click=lambda: swap(None))


def optional(desk: Desk, name: str, none: str) -> None:
    """Draw a logarithmic whole-number field that may also be None, which stands last and is called `none`."""
    fact = settings(desk.spec)[name]
    value = getattr(desk.spec, name)
    low, high = fact.low or 1, fact.high or 1000
    options = sorted({round(stop) for stop in stops(low, high, *([value] if value else []))})
    key = f"{desk.key} {name}"
    st.select_slider(
        caption(fact), [*options, 0], value=follow(key, value or 0), key=key,
        format_func=lambda number: str(number) if number else none,
        on_change=lambda: desk.change(**{name: st.session_state[key] or None}),
    )  # fmt: skip


def view(desk: Desk, name: str, label: str, value: str) -> None:
    """Draw a switch between a page's usual view and the view `value`."""
    usual = desk.own[name][0]
    key = f"{desk.key} view {name}"
    shown = follow(key, desk.view(name) == value)
    st.toggle(label, value=shown, key=key, on_change=lambda: desk.turn(name, value if st.session_state[key] else usual))


def rule(desk: Desk, name: str) -> None:
    """Draw the one rule of the desk's Spec with its settings."""
    current: Optimizer = getattr(desk.spec, name)
    key = f"{desk.key} rule"
    index = list(RULES).index(follow(key, current.key))
    st.selectbox(
        caption(settings(desk.spec)[name]), list(RULES), index=index, format_func=_rule_title, key=key,
        on_change=lambda: desk.change(**{name: desk.suggest(RULES[st.session_state[key]])}),
    )  # fmt: skip
    for part in settings(current):
        draw(desk, f"{key} {part}", current, part,
             lambda value, part=part: desk.change(**{name: dataclasses.replace(current, **{part: value})}))  # fmt: skip
