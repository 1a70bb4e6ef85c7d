"""Widgets for the fields of a Spec: one widget per field, made from the field's description."""

from __future__ import annotations

import dataclasses
import functools
import math
import re
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import streamlit as st

from experiments.descend import rerated
from experiments.fit import Fit, seconds
from experiments.presets import Preset
from figures import readings, theme
from figures.contract import Paint
from figures.race import BRUSH, TOUCH
from figures.scene import symbol
from optimizers import RULES, SCHEDULES, Optimizer, Schedule
from spec import N_, N_n, Refused, Setting, settings, type_hints
from spec.text import brief, read_number
from surfaces import SURFACES, find
from surfaces.own import Drawing, with_bump
from ui import wishes
from ui.language import _
from ui.page_state import Draft, PageState, said

STEPS = (1, 1.5, 2, 3, 5, 7)  # a logarithmic slider's stops within a power of ten
# Streamlit cuts off what is longer than a line.
WRAPPED = """<style>
.st-key-KEY button { height: auto; text-align: start; }
.st-key-KEY button :is(div, p) { white-space: normal; overflow: visible; text-overflow: clip; }
</style>"""
FEW = 8  # presets that have a button each
CATCHING_UP = "catching up"  # session key; set while a browser that came back gets its values again
SOON = 5  # seconds; no hint about waiting time below this
MOST = 8  # contenders that can be distinguished in one picture


def caption(fact: Setting) -> str:
    """Return a field's label with its symbol, in the reader's language."""
    label = _(fact.label)
    return f"{label[:1].upper()}{label[1:]} {symbol(fact.symbol)}".rstrip()


def helped(fact: Setting) -> str:
    """Return the help text of a field, with the limit of this server."""
    return " ".join([_(fact.help), *(_(text).format(limit=f"{most:,}") for text, most in fact.told)]).strip()


def stops(low: float, high: float, *values: float) -> list[float]:
    """Return the stops of a logarithmic slider from low to high, with `values` added."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    nice = {float(f"{step * 10.0**power:.2g}") for power in powers for step in STEPS}
    return sorted({value for value in nice if low <= value <= high} | {float(value) for value in values})


def field(state: PageState, name: str, *, choices: Mapping[Any, str] | None = None,
          on: Callable[[Any], None] | None = None) -> None:  # fmt: skip
    """Draw the widget for field `name` of the page's Spec.

    `choices` gives the displayed names. `on` is called instead of the usual change of the field, only if the value is
    new: a browser may report a value again that it was given, for example after two quick changes of the language.
    """

    def change(value: Any) -> None:
        if on is None or value == getattr(state.spec, name):
            state.put(dataclasses.replace(state.spec, **{name: value}))
        else:
            on(value)

    if state.offers(name, caption(settings(state.spec)[name])):
        locked = state.locks(name)
        on_surface = name == "start" and "surface" in settings(state.spec)
        label = f"{caption(settings(state.spec)[name])} ({', '.join(_axes(state.spec))})" if on_surface else ""
        draw(state, f"{state.key} {name}", state.spec, name, change, choices=choices, label=label, locked=locked)


def _axes(spec: Any) -> tuple[str, str]:
    """Return the names of the two coordinates of a Spec's starting point."""
    return find(spec.surface).axes


def draw(state: PageState, key: str, spec: Any, name: str, change: Callable[[Any], None], *,
         choices: Mapping[Any, str] | None = None, label: str = "", hide_label: bool = False,
         locked: bool = False) -> None:  # fmt: skip
    """Draw a widget for one field of a Spec; `change(value)` is called with the value that the reader chose."""
    fact = settings(spec)[name]
    value = getattr(spec, name)
    kind = type_hints(type(spec))[name]
    common: dict[str, Any] = {
        "label": label or caption(fact), "key": key, "help": helped(fact) or None,
        "label_visibility": "collapsed" if hide_label else "visible", "disabled": locked,
    }  # fmt: skip

    def changed(convert: Callable[[Any], Any] = lambda chosen: chosen) -> dict[str, Any]:
        def act() -> None:
            if choices is not None and st.session_state[key] not in choices:
                return  # a browser that came back to a new session, which lacks its uploaded table
            try:
                change(convert(st.session_state[key]))
            except Refused as refusal:
                state.refuse(refusal)

        return {"on_change": act}

    if choices is not None:
        options = list(choices)
        index = options.index(follow(key, value))
        st.selectbox(options=options, index=index, format_func=choices.__getitem__, **common, **changed())
    elif fact.choices:
        index, titles = fact.choices.index(follow(key, value)), {choice: _(choice) for choice in fact.choices}
        st.selectbox(options=fact.choices, index=index, format_func=titles.__getitem__, **common, **changed())
    elif kind is bool:
        st.toggle(value=follow(key, value), **common, **changed())
    elif kind is str:
        _typed(state, key, value, value, change, common, live=True)
    elif isinstance(value, tuple) or (fact.optional and value is None):
        shown = ", ".join(map(brief, value or ()))
        _typed(state, key, value, shown, lambda text: change(_numbers(text, kind, fact)), common)
    elif fact.log and fact.low and fact.high:
        far = min(max(abs(value), 1e-12), 1e12)  # stops on both sides of any value, within the range of a float
        low, high = (min(fact.low, far / 10), max(fact.high, far * 10)) if value else (fact.low, fact.high)
        if fact.limit and fact.most is not None and fact.most < high:  # then the server's limit is the last stop
            high = fact.most
        options = stops(low, high, value, *([high] if high == fact.most else []))
        if kind is int:
            options = sorted({round(option) for option in options})
        st.select_slider(options=options, value=follow(key, value), format_func=brief, **common, **changed())
    elif kind is int and fact.low is not None and fact.high is not None:
        low, high = int(min(fact.low, value)), int(max(fact.high, value))
        high = high if fact.most is None else min(high, int(fact.most))
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
    """Make the widget with this key show the Spec's value, and return the value, for use as the widget's default.

    The session is written only if it differs, so that a slider is not disturbed while it is dragged. A browser that
    draws the widget late, after a second run, needs the default: without it, it would show and report the lowest value.
    If a browser's values were overwritten and then reported again, all are sent to it again; see `ui.returned`.
    """
    if st.session_state.get(key) != value or CATCHING_UP in st.session_state:
        st.session_state[key] = value
    return value


def _typed(state: PageState, key: str, value: Any, shown: str, change: Callable[[str], None], common: dict[str, Any], *,
           live: bool = False) -> None:  # fmt: skip
    """Draw a text field that shows `value` as the text `shown`; invalid text stays in the field, with the reason.

    `change(text)` is called with the typed text; a `live` field takes effect while one types.
    """
    name = key.removeprefix(state.key)

    def act() -> None:
        text = st.session_state[key]
        state.drafts.pop(name, None)
        try:
            change(text)
        except Refused as refusal:
            state.drafts[name] = Draft(value, text, refusal)

    draft = state.drafts.get(name)
    if draft and draft.before != value:  # the value has changed elsewhere since
        draft = state.drafts.pop(name) and None
    text = follow(key, draft.text if draft else shown)
    st.text_input(value=text, on_change=act, **({"live": True} if live else {}), **common)
    if draft:
        st.caption(f":red[{said(draft.refusal)}]")


def _numbers(text: str, kind: Any, fact: Setting) -> tuple[Any, ...] | None:
    """Return numbers typed as "64, 32" as a tuple; if the field is optional, an empty text is None."""
    if fact.optional:
        if not text.strip():
            return None
        kind = next(part for part in typing.get_args(kind) if part is not type(None))
    number, *rest = typing.get_args(kind)
    label = caption(fact)
    most = None if Ellipsis in rest else 1 + len(rest)
    parts = text.replace(",", " ").split()
    if most is not None and len(parts) > most and re.search(r"\d,\d", text):
        raise Refused(N_("{label}: use a decimal point, as in 1.5, not {value}."), label=label, value=text[:80])
    try:
        numbers = tuple(read_number(number, part) for part in parts)
    except Refused:  # beyond all floats
        raise
    except ValueError:
        raise Refused(N_("{label} must be numbers separated by commas (such as 32, 16), not {value}."),
                      label=label, value=text[:80]) from None  # fmt: skip
    if most == 1 and len(numbers) != 1:
        raise Refused(N_("{label} must be one number, such as 0.01, not {value}."), label=label, value=text[:80])
    if most is not None and len(numbers) != most:
        text = N_n("{label} needs {number} number, not {count}.",
                   "{label} needs {number} numbers separated by commas, not {count}.", most)  # fmt: skip
        raise Refused(text, label=label, number=most, count=len(numbers))
    return numbers


def surface(state: PageState, change: Callable[[str], None]) -> None:
    """Draw the choice of a surface and the settings of the chosen one; `change(name)` is called with a new name."""
    if not state.offers("surface", _("Surface")):
        return
    locked = state.locks("surface")
    current: Any = find(state.spec.surface)
    key = f"{state.key} surface"
    titles = {name: _(entry.title) for name, entry in SURFACES.items()}
    st.selectbox(
        _("Surface"), list(titles), index=list(titles).index(follow(key, current.key)), key=key,
        format_func=titles.__getitem__, on_change=lambda: change(st.session_state[key]), disabled=locked,
    )  # fmt: skip
    st.caption(f"{_(current.sentence)} {readings.curved(current, _)}")
    for part in settings(current):
        if part == "strokes":  # painted on the stage
            empty = dataclasses.replace(current, strokes="").name
            st.button(
                _("Clear drawing"), icon=":material/ink_eraser:", key=f"{key} empty", on_click=change, args=(empty,),
                disabled=locked,
            )  # fmt: skip
        else:
            draw(state, f"{key} {current.key} {part}", current, part,
                 lambda value, part=part: change(dataclasses.replace(current, **{part: value}).name),
                 locked=locked)  # fmt: skip
        if part == "text":
            st.latex(current.equation)


def start(state: PageState) -> Callable[[object], None]:
    """Return the handler for a starting point that the reader clicked or dragged on the stage."""
    return wishes.taking(state, wishes.start, lambda wish: state.change(start=tuple(wish["at"])))


def paint(state: PageState) -> Callable[[object], None]:
    """Return the handler that adds what the reader painted on the stage to the drawn surface."""
    return wishes.taking(state, wishes.paint, lambda wish: _paint(state, wish))


def _paint(state: PageState, wish: Paint) -> None:
    race, drawing = state.spec, find(state.spec.surface)
    if not isinstance(drawing, Drawing):  # another surface was chosen meanwhile
        return
    strokes, refused = drawing.strokes, None
    try:
        for x, y in wish["points"]:
            strokes = with_bump(strokes, x, y, TOUCH if wish["up"] else -TOUCH, BRUSH)
    except Refused as refusal:  # the drawing is full; what was painted before stays
        refused = refusal
    if strokes != drawing.strokes:
        surface = dataclasses.replace(drawing, strokes=strokes).name
        state.change(surface=surface, contenders=rerated(race, surface))
    if refused:
        state.refuse(refused)


def dragging(stage: str) -> bool:
    """Return whether the reader is dragging the starting point on the stage with this key."""
    try:
        return wishes.start(getattr(st.session_state.get(stage), "start", None))["dragging"]
    except Refused:  # nothing was clicked, or `start` refuses it
        return False


def contenders(state: PageState, name: str, most: int = MOST) -> None:
    """Draw the list of optimizers, each with its learning rate and a menu of other settings, and a way to add one."""
    if not state.offers("rule", _("Optimizers")):
        return
    rules: tuple[Optimizer, ...] = getattr(state.spec, name)
    marks = []
    for i, look in enumerate(theme.styles(rules)):
        with st.container(key=f"{state.name}-contender-{i}", gap="small"):
            _contender(state, name, rules, i, most)
        light, dark = (theme.PALETTES[mode][look["color"][1:]] for mode in ("light", "dark"))
        marks.append(f".st-key-{state.name}-contender-{i} {{ border-left: 4px solid light-dark({light}, {dark}); "
                     f"padding-left: .7rem; }}")  # fmt: skip
    st.html(f"<style>{' '.join(marks)}</style>")
    if len(rules) < most and not state.locks("rule"):
        taken = {rule.key for rule in rules}
        new = next((key for key in RULES if key not in taken), "sgd")
        st.button(_("Add an optimizer"), icon=":material/add:", key=f"{state.key} add", type="tertiary",
                  on_click=lambda: state.change(**{name: (*rules, state.suggest(RULES[new]))}))  # fmt: skip


def _rule_title(key: str) -> str:
    return _(RULES[key].title)


def _contender(state: PageState, name: str, rules: tuple[Optimizer, ...], i: int, most: int) -> None:
    rule = rules[i]

    def swap(new: Optimizer | None) -> None:
        state.change(**{name: (*rules[:i], *([new] if new else []), *rules[i + 1 :])})

    key, locked = f"{state.key} rule {i}", state.locks("rule")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        index = list(RULES).index(follow(key, rule.key))
        st.selectbox(
            _("Optimizer {number}").format(number=i + 1), list(RULES), index=index, format_func=_rule_title,
            key=key, label_visibility="collapsed", disabled=locked,
            on_change=lambda: swap(state.suggest(RULES[st.session_state[key]])),
        )  # fmt: skip
        menu = st.popover("", icon=":material/tune:", key=f"{key} menu", on_change="rerun", disabled=locked,
                          help=_("Settings of {rule}").format(rule=_(rule.title)))  # fmt: skip
    if slips := [_(fact.mistake) for part, fact in settings(rule).items() if fact.mistake and getattr(rule, part)]:
        st.caption(", ".join(slips))
    draw(state, f"{key} lr", rule, "lr", lambda value: swap(dataclasses.replace(rule, lr=value)),
         label=_("Learning rate of {rule}").format(rule=_(rule.title)), hide_label=True, locked=locked)  # fmt: skip
    if menu.open:  # its content is computed only while it is visible
        with menu:
            _menu(state, key, rule, swap)
            _famous_mistakes(key, rules, i, most, lambda new: state.change(**{name: new}))
            if len(rules) > 1:
                st.button(_("Remove"), icon=":material/delete:", key=f"{key} remove", on_click=lambda: swap(None))


def _famous_mistakes(key: str, rules: tuple[Optimizer, ...], i: int, most: int,
                    put: Callable[[tuple[Optimizer, ...]], None]) -> None:  # fmt: skip
    """Draw a switch for each famous mistake of contender `i`; `put(rules)` is called with the new list of contenders.

    While there is room, a correct contender stays in the list and its version with the mistake is added after it.
    """
    rule = rules[i]
    facts = {name: fact for name, fact in settings(rule).items() if fact.mistake}
    right = not any(getattr(rule, name) for name in facts)
    if facts:
        heading = _("Common mistakes and variants")
        st.caption(f"**{heading}**")
    for name, fact in facts.items():
        twin = dataclasses.replace(rule, **{name: not getattr(rule, name)})
        joined = right and twin in rules
        if joined:
            after = tuple(other for other in rules if other != twin)
        elif right and len(rules) < most:
            after = (*rules[: i + 1], twin, *rules[i + 1 :])
        else:
            after = (*rules[:i], twin, *rules[i + 1 :])
        part = f"{key} {name}"
        shown = follow(part, joined or getattr(rule, name))
        st.toggle(caption(fact), value=shown, key=part, help=_(fact.help) or None, on_change=put, args=(after,))


def _menu(state: PageState, key: str, rule: Optimizer, swap: Callable[[Optimizer | None], None]) -> None:
    exact = f"{key} exact"

    def typed(text: str) -> None:
        if not text.strip():
            raise Refused(N_("The learning rate is empty; type a number such as 0.01."))
        numbers = _numbers(text, tuple[float], settings(rule)["lr"]) or (rule.lr,)
        swap(dataclasses.replace(rule, lr=numbers[0]))

    _typed(state, exact, rule.lr, brief(rule.lr), typed, {"label": _("Exact learning rate η"), "key": exact})
    for name, fact in settings(rule).items():
        if name == "schedule":
            _schedule(state, key, rule, swap)
        elif name != "lr" and not fact.mistake:
            draw(state, f"{key} {name}", rule, name,
                 lambda value, name=name: swap(dataclasses.replace(rule, **{name: value})))  # fmt: skip


def _schedule(state: PageState, key: str, rule: Optimizer, swap: Callable[[Optimizer], None]) -> None:
    """Draw the choice of an optimizer's learning rate schedule, and the settings of the chosen one."""

    def take(schedule: Schedule) -> None:
        swap(dataclasses.replace(rule, schedule=schedule))

    current: Any = rule.schedule
    key = f"{key} schedule"
    titles = {name: _(entry.title) for name, entry in SCHEDULES.items()}
    st.selectbox(
        caption(settings(rule)["schedule"]), list(titles), index=list(titles).index(follow(key, current.key)), key=key,
        format_func=titles.__getitem__, on_change=lambda: take(SCHEDULES[st.session_state[key]]()),
    )  # fmt: skip
    st.caption(_(current.sentence))
    for part in settings(current):
        draw(state, f"{key} {current.key} {part}", current, part,
             lambda value, part=part: take(dataclasses.replace(current, **{part: value})))  # fmt: skip


def presets(
    state: PageState, label: str, presets: Mapping[str, Preset], *,
    on: Callable[[str], None] | None = None, view: str | None = None,
    networks: Mapping[str, Callable[[Any], Sequence[Fit]]] | None = None,
) -> None:  # fmt: skip
    """Draw presets, experiments that open with one click: as buttons or, if there are many, as a list.

    A preset that trains for long says so; `networks[key](spec)` are the networks that it trains, by default its
    variants. Below is the note of the current preset: the one with the page's Spec and, if `view` is given, with the
    page's view too. `on(key)` is called instead of setting the preset's Spec.
    """
    if not state.offers("presets", label):
        return
    key = f"{state.key} preset"
    alike = [name for name, preset in presets.items() if preset.spec == state.spec]
    shown = next((name for name in alike if view is None or presets[name].view == state.view(view)), None)

    def take() -> None:
        if chosen := st.session_state[key]:  # None after a second click on the current preset, which changes nothing
            try:
                (on or (lambda name: state.put(presets[name].spec)))(chosen)
            except Refused as refusal:
                state.refuse(refusal)

    def titled(name: str) -> str:
        preset = presets[name]
        took = lasting(_estimated(preset.spec, networks[name] if networks else type(preset.spec).variants))
        took = took.replace(" ", "\u00a0")  # on one line
        return f"{_(preset.title)} ({took})" if took else _(preset.title)

    common: dict[str, Any] = {
        "key": key, "on_change": take, "format_func": titled, "disabled": state.locks("presets")
    }  # fmt: skip
    if len(presets) > FEW:
        index = None if follow(key, shown) is None else list(presets).index(shown or "")
        st.selectbox(label, list(presets), index=index, placeholder=_("Choose an experiment"), **common)
    else:
        st.pills(label, list(presets), default=follow(key, shown), **common)
        st.html(WRAPPED.replace("KEY", key.replace(" ", "-")))
    if shown is not None:
        st.caption(_(presets[shown].note))


@functools.lru_cache(maxsize=200)
def _estimated(spec: Any, networks: Callable[[Any], Sequence[Fit]]) -> float:
    """Return about how many seconds the networks of a study take to train."""
    return seconds(networks(spec))


def lasting(estimate: float) -> str:
    """Return a duration of about so many seconds in words; an empty text if it is short."""
    if estimate <= SOON:
        return ""
    if estimate < 60:
        return _("about {seconds} s").format(seconds=5 * max(1, round(estimate / 5)))
    return _("about {minutes} min").format(minutes=round(estimate / 60))


def optional(state: PageState, name: str, none: str, about: str = "") -> None:
    """Draw a logarithmic field of whole numbers that may also be None, which is the last stop and is labelled `none`.

    `about` is its help text.
    """
    fact = settings(state.spec)[name]
    if not state.offers(name, caption(fact)):
        return
    value = getattr(state.spec, name)
    low, high = fact.low or 1, fact.high or 1000
    options = sorted({round(stop) for stop in stops(low, high, *([value] if value else []))})
    key = f"{state.key} {name}"
    st.select_slider(
        caption(fact), [*options, 0], value=follow(key, value or 0), key=key,
        format_func=lambda number: str(number) if number else none, help=about or None,
        on_change=lambda: state.change(**{name: st.session_state[key] or None}), disabled=state.locks(name),
    )  # fmt: skip


def patience(state: PageState) -> None:
    """Draw the patience of early stopping: one epoch or more, or off."""
    optional(state, "patience", _("off"), helped(settings(state.spec)["patience"]))


def stopping(state: PageState) -> None:
    """Draw the other settings of early stopping, which have no meaning without a patience."""
    for name in ("min_delta", "start_from_epoch", "restore_best_weights"):
        field(state, name)


def by_batch(state: PageState) -> None:
    """Draw the switch between the two ways to measure the training loss."""
    helped = _(
        "On: the mean over the batches of each epoch, while the weights change and with dropout (Keras adds the "
        "penalties). Off: the loss of all training rows after each epoch, without dropout."
    )
    view(state, "train", _("Training loss as in Keras"), "batches", helped)


def view(state: PageState, name: str, label: str, value: str, helped: str | None = None) -> None:
    """Draw a switch between a page's default view and the view `value`."""
    if not state.offers(name, label):
        return
    usual = state.own[name][0]
    key = f"{state.key} view {name}"
    st.toggle(
        label, value=follow(key, state.view(name) == value), key=key, disabled=state.locks(name), help=helped,
        on_change=lambda: state.turn(name, value if st.session_state[key] else usual),
    )  # fmt: skip


def one_of(state: PageState, name: str, label: str, titles: Mapping[str, str], **look: Any) -> None:
    """Draw the choice between a page's views; `look` is passed on to the widget."""
    if not state.offers(name, label):
        return
    key = f"{state.key} view {name}"
    st.segmented_control(
        label, list(titles), default=follow(key, state.view(name)), format_func=titles.__getitem__, key=key,
        on_change=lambda: state.turn(name, st.session_state[key]), required=True, disabled=state.locks(name), **look,
    )  # fmt: skip


def rule(state: PageState, name: str) -> None:
    """Draw the optimizer of a Spec that has one, with its settings."""
    current: Optimizer = getattr(state.spec, name)

    def swap(new: Optimizer) -> None:
        state.change(**{name: new})

    which_rule(state, current, swap)
    rule_settings(state, current, swap)


def which_rule(state: PageState, current: Optimizer, swap: Callable[[Optimizer], None]) -> None:
    """Draw the choice of the page's only optimizer; `swap(rule)` is called with a new one."""
    if not state.offers("rule", _("Optimizer")):
        return
    key = f"{state.key} rule"

    def take() -> None:
        if st.session_state[key] != current.key:  # otherwise it is only reported again, see `field`
            swap(state.suggest(RULES[st.session_state[key]]))

    st.selectbox(
        _("Optimizer"), list(RULES), index=list(RULES).index(follow(key, current.key)), format_func=_rule_title,
        key=key,
        on_change=take, disabled=state.locks("rule"),
    )  # fmt: skip


def rule_settings(
    state: PageState, current: Optimizer, swap: Callable[[Optimizer], None], leave: Collection[str] = ()
) -> None:
    """Draw the settings of the page's only optimizer except those in `leave`; `swap(rule)` gets the changed optimizer.

    The settings of a locked optimizer are not drawn, because the picture names them.
    """
    if not state.offers("rule", _("Optimizer")) or state.locks("rule"):
        return
    key = f"{state.key} rule"
    for part, fact in settings(current).items():
        if part in leave:
            continue
        if part == "schedule":
            _schedule(state, key, current, swap)
        elif not fact.mistake:
            draw(state, f"{key} {part}", current, part,
                 lambda value, part=part: swap(dataclasses.replace(current, **{part: value})))  # fmt: skip
    _famous_mistakes(key, (current,), 0, 1, lambda rules: swap(rules[0]))
