"""Compare: networks trained on the same data that differ in one setting."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from datasets import SCALERS, find
from experiments import live, studies
from experiments.axes import AXES, Axis
from experiments.fit import History
from experiments.stopping import stops
from experiments.studies import MOST, PRESETS, Comparison
from figures import readings, training, worth
from figures.contract import Scene
from figures.results import names
from figures.stopping import marks, stopped, with_stops
from networks import ACTIVATIONS, INITS
from optimizers import RULES, Optimizer
from runs import View
from spec import N_, Refused
from ui import controls, data, frame, lesson, panels, results, script
from ui.controls import follow
from ui.language import _
from ui.page_state import PageState
from ui.stage import stage
from ui.training import watch

TITLE = N_("Compare")
QUESTION = N_("What happens when you change one setting of a network?")
SECTION = N_("On a network")
ICON = ":material/stacked_line_chart:"
ORDER = 20

OWN = {
    "show": ("loss", "score", "weights"),
    "along": ("epochs", "updates", "seconds"),
    "scale": ("auto", "linear", "log"),
    "train": ("epochs", "batches"),
    "smooth": ("0", "0.5", "0.8", "0.9", "0.95", "0.99"),
}


def show() -> None:
    state = PageState("compare", lambda anchors: Comparison(), lambda spec: studies.suggested, own=OWN)
    with st.sidebar:
        settings(state)
    state.notices()
    picture(state)
    state.publish()


# -- settings


def settings(state: PageState[Comparison]) -> None:
    controls.presets(state, _("From the lecture"), PRESETS)
    data.choose(state)
    st.caption(_(find(state.spec.dataset).sentence))
    what_varies(state)
    field(state, "hidden")
    field(state, "epochs")
    if state.spec.vary != "batch_size":
        controls.optional(state, "batch_size", _("all rows"))
    numbers = find(state.spec.dataset).task == "numbers"
    score = "R²" if numbers else _("Accuracy")
    controls.one_of(state, "show", _("Curves"), {"loss": _("Loss"), "score": score, "weights": _("Weights")})
    panels.folded("compare axes", _("Axes and smoothing"), ":material/line_axis:", lambda: axes(state))
    panels.folded("compare stopping", _("Early stopping"), ":material/timer:", lambda: stopping(state))
    panels.folded("compare more", _("More"), ":material/more_horiz:", lambda: more(state))


def what_varies(state: PageState[Comparison]) -> None:
    """Draw the choice of the setting to compare and its values; the optimizer too, unless it is what is compared."""
    spec = state.spec

    def turn(vary: str) -> None:
        rules = spec.contenders if vary != "optimizer" or len(spec.contenders) > 1 else Comparison().contenders
        state.change(vary=vary, values=(), contenders=rules)

    controls.field(state, "vary", choices={key: _(axis.title) for key, axis in AXES.items()}, on=turn)
    if spec.vary == "optimizer":
        controls.contenders(state, "contenders")
        return
    values(state)
    rule = spec.contenders[0]
    controls.which_rule(state, rule, lambda new: shared(state, new))
    if spec.vary != "lr" and state.offers("rule", _("Optimizer")):
        controls.draw(
            state, f"{state.key} rule lr", rule, "lr", lambda lr: shared(state, replace(rule, lr=lr)),
            locked=state.locks("rule"),
        )  # fmt: skip


def shared(state: PageState[Comparison], rule: Optimizer) -> None:
    """Set the optimizer that all networks share."""
    state.change(contenders=(rule,))


def values(state: PageState[Comparison]) -> None:
    """Draw the choice of the values to compare: suggested ones, and a field in which others can be typed."""
    if not state.offers("values", _("Values")):
        return
    axis, key = state.spec.axis, f"{state.key} values {state.spec.vary}"
    usual = axis.usual(state.spec.base)
    chosen = list(dict.fromkeys(axis.write(point) for point in state.spec.points))

    def in_order(texts: list[str]) -> list[str]:
        rank = axis.rank
        return sorted(texts, key=lambda text: rank(axis.read(text))) if rank else texts

    def change() -> None:
        try:
            texts = [axis.write(understood(axis, text)) for text in st.session_state[key]]
            texts = tuple(in_order(list(dict.fromkeys(texts))))
            state.change(values=() if texts == usual else texts)
        except Refused as refusal:
            state.refuse(refusal)

    def called(text: str) -> str:
        try:
            return axis.label(axis.read(text), _)
        except Refused:  # a typed value that is not valid: the field shows the reason
            return text

    helped = _("Choose values, or type a value and press Enter. Leave empty for the default values.")
    if state.spec.vary == "change":
        more = _("Type a setting and its value, or several settings: {example}")
        helped = f"{helped} {more.format(example='`l1_0.01 + l2_0.01`')}"
    st.multiselect(
        _("Values"), in_order(list(dict.fromkeys([*usual, *chosen]))), default=follow(key, chosen), key=key,
        format_func=called, on_change=change, accept_new_options=True, max_selections=MOST,
        help=helped, disabled=state.locks("values"), placeholder=_("Choose options"),
    )  # fmt: skip


def understood(axis: Axis, text: str) -> Any:
    """Return the value that a text means; it may have the form in which values are shown: "L1 0.01 + L2 0.01"."""
    try:
        return axis.read(text)
    except Refused as refusal:
        try:
            return axis.read(re.sub(r"[\s=]+", "_", re.sub(r"\s*\+\s*", "+", text.strip().lower())))
        except Refused:
            raise refusal from None


def field(state: PageState[Comparison], name: str, choices: Mapping[str, str] | None = None) -> None:
    """Draw the widget of a field that all networks share; nothing for the field that is compared."""
    if state.spec.vary != name:
        controls.field(state, name, choices=choices)


def axes(state: PageState[Comparison]) -> None:
    controls.one_of(
        state, "along", _("x-axis"), {"epochs": _("Epochs"), "updates": _("Updates"), "seconds": _("Length in seconds")}
    )
    controls.by_batch(state)
    scales = {"auto": _("Automatic"), "linear": _("Linear"), "log": _("Logarithmic")}
    controls.one_of(state, "scale", _("Loss axis"), scales)
    if not state.offers("smooth", _("Smoothing β")):
        return
    key = f"{state.key} view smooth"
    st.select_slider(
        _("Smoothing β"), [float(word) for word in OWN["smooth"]], value=follow(key, float(state.view("smooth"))),
        key=key, format_func=lambda beta: f"{beta:g}",
        help=_("Exponential moving average: each epoch counts β times as much as the next one. The faint line "
               "shows the measured values."),
        on_change=lambda: state.turn("smooth", f"{st.session_state[key]:g}"), disabled=state.locks("smooth"),
    )  # fmt: skip


def stopping(state: PageState[Comparison]) -> None:
    controls.patience(state)
    if state.spec.patience is not None:
        controls.stopping(state)


def more(state: PageState[Comparison]) -> None:
    spec = state.spec
    if spec.vary != "optimizer":
        leave = ("lr", "schedule") if spec.vary == "schedule" else ("lr",)
        controls.rule_settings(state, spec.contenders[0], lambda new: shared(state, new), leave)
    field(state, "activation", {key: _(entry.title) for key, entry in ACTIVATIONS.items()})
    field(state, "init", {key: _(entry.title) for key, entry in INITS.items()})
    field(state, "init_scale")
    for name in ("batch_norm", "dropout", "output_dropout", "l2", "l1", "linf", "shuffle"):
        field(state, name)
    controls.field(state, "apart")
    if spec.apart:
        rules = {"same": _("same as for the weights"), **{key: _(rule.title) for key, rule in RULES.items()}}
        controls.field(state, "bias_rule", choices=rules)
        controls.field(state, "bias_rate")
    field(state, "scaling", {key: _(scaler.title) for key, scaler in SCALERS.items()})
    controls.field(state, "scaler_sees")
    if find(spec.dataset).task == "numbers":
        controls.field(state, "scale_target")
    if spec.vary != "rows":
        controls.optional(state, "rows", _("all rows"))
    field(state, "features")
    field(state, "label_noise")
    for name in ("test_size", "val_size", "split_seed"):
        controls.field(state, name)
    controls.field(state, "stratify", choices={"auto": _("Automatic"), "yes": _("Yes"), "no": _("No")})
    if spec.vary != "seed":
        controls.field(state, "seeds")
    field(state, "seed")


# -- the picture


def picture(state: PageState[Comparison]) -> None:
    spec = state.spec
    variants = spec.variants()
    lines = training.lines(spec, _)
    called = names(lines)
    dataset, measure = find(spec.dataset), state.view("show")
    watched = spec.patience is not None and training.has_validation(variants[0])
    tested = watched and training.has_test(variants[0])

    by_batch = state.view("train") == "batches" and measure == "loss"

    def read(history: History, view: View) -> str:
        history = training.by_batches(history) if by_batch else history
        done = view.state == "done"
        sentence = readings.compared(history, lines, _, done=done, data=dataset, measure=measure)
        sentence = " ".join([sentence, *([_(worth.BY_BATCH)] if by_batch else [])])
        return " ".join([sentence, *(stopped(spec, history, lines, _, measure=measure) if done else [])])

    def draw(history: History, view: View, sentence: str) -> None:
        done = view.state == "done"
        found = stops(history, spec)

        def scene() -> Scene:
            shown = training.by_batches(history) if by_batch else history
            table = training.table(variants, shown, lines, _, done=done)
            if watched:
                table = with_stops(table, variants, history, lines, found, _, done=done)
            return training.scene(
                variants, shown, lines, say=_, alt=sentence, running=view.state == "running", measure=measure,
                marks=marks(history, lines, found) if watched else training.best_marks(history, lines), table=table,
                points=live.points(view.result), along=state.view("along"), scale=state.view("scale"),
                smooth=float(state.view("smooth")), by_batch=by_batch,
            )  # fmt: skip

        lesson.printed(history._replace(records={**history.records, **found._asdict()}), done=done)
        stage(scene, key="compare stage", state=state, same=(view.state, view.progress))
        results.panel("compare", variants, called, history, done=done)
        panels.numbers("compare numbers", lambda: training.numbers(history, lines, _))

    watch(
        "compare", variants, read, draw, ("seconds", "traces", "batch_loss", "outputs", *(["tests"] if tested else []))
    )
    script.offer("compare", variants, called)
    data.look(dataset)
    rules = [variant.optimizer for variant in variants]
    panels.folded("compare book", _("Formulas and code"), ":material/function:", lambda: panels.explain(rules))


frame.page(__file__, show)
