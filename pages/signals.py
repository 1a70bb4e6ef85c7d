"""Signals: a deep network with several initializations, layer by layer, and batch normalization at 16 scales."""

from __future__ import annotations

import streamlit as st

from datasets import find
from experiments import studies
from experiments.fit import History, check_size
from experiments.signals import PRESETS, STARTS, Signals
from figures import signals as figure
from networks import ACTIVATIONS, INITS
from runs import View
from spec import N_, settings
from ui import controls, data, frame, lesson, panels, script
from ui.language import _
from ui.page_state import PageState
from ui.stage import stage
from ui.training import watch

TITLE = N_("Signals")
QUESTION = N_("Why does initialization matter, and what does batch normalization do?")
SECTION = N_("On a network")
ICON = ":material/graphic_eq:"
ORDER = 22


def show() -> None:
    own = {"view": ("layers", "scales"), "show": ("activations", "gradients")}
    state = PageState("signals", lambda anchors: Signals(), lambda spec: studies.suggested, own=own, check=check)
    with st.sidebar:
        presets(state)
        controls.view(state, "view", _("16 scales, with and without batch normalization"), "scales")
        choices(state)
    state.notices()
    if state.view("view") == "scales":
        scales(state)
    else:
        layers(state)
    data.look(find(state.spec.dataset))
    state.publish()


def check(spec: Signals, own: dict[str, str]) -> None:
    """Raise `Refused` if the networks of a view cannot be trained; the Spec checks those of the "layers" view."""
    if own["view"] == "scales":
        check_size(spec.scales())


def presets(state: PageState[Signals]) -> None:
    networks = {key: Signals.scales if preset.view == "scales" else Signals.ways for key, preset in PRESETS.items()}

    def take(key: str) -> None:
        state.put(PRESETS[key].spec, view=PRESETS[key].view)

    controls.presets(state, _("From the lecture"), PRESETS, on=take, view="view", networks=networks)


def choices(state: PageState[Signals]) -> None:
    data.choose(state)
    controls.field(state, "activation", choices={key: _(entry.title) for key, entry in ACTIVATIONS.items()})
    if state.view("view") == "layers":
        starts(state)
        controls.field(state, "batch_norm")
        controls.view(state, "show", _("Gradients instead of activations"), "gradients")
    controls.field(state, "hidden")
    controls.field(state, "epochs")

    def more() -> None:
        controls.rule(state, "optimizer")
        controls.optional(state, "batch_size", _("all rows"))
        controls.optional(state, "rows", _("all rows"))
        controls.field(state, "seed")

    panels.folded("signals more", _("More"), ":material/more_horiz:", more)


def starts(state: PageState[Signals]) -> None:
    label = controls.caption(settings(Signals)["starts"])
    if not state.offers("starts", label):
        return
    key = f"{state.key} starts"
    chosen = list(state.spec.chosen)
    st.pills(
        label, list(STARTS), selection_mode="multi", disabled=state.locks("starts"),
        default=controls.follow(key, chosen), key=key, format_func=lambda start: _(STARTS[start].title),
        on_change=lambda: state.change(starts=tuple(st.session_state[key])),
    )  # fmt: skip


def layers(state: PageState[Signals]) -> None:
    spec = state.spec

    def read(history: History, view: View) -> str:
        return figure.spread(spec, history, _)

    def draw(history: History, view: View, sentence: str) -> None:
        running = view.state == "running"
        scene = figure.layer_by_layer(spec, history, say=_, alt=sentence, running=running, show=state.view("show"))
        lesson.printed(history, done=view.state == "done")
        stage(scene, key="signals stage", state=state)
        panels.numbers("signals numbers", lambda: figure.numbers(spec, history, _))

    watch("signals", spec.ways(), read, draw, records=("layers",))
    script.offer("signals", spec.ways(), [_(start.title) for start in spec.chosen.values()])

    def book() -> None:
        text = _(
            "A unit adds n inputs a, each times its weight w. If the weights are independent and have mean 0, the "
            "mean square of the sum z is n · E[w²] times that of the inputs. A factor far from 1 is raised to a "
            "power with every layer: the signal explodes or vanishes, and so do the gradients on their way back. "
            "tanh leaves small signals as they are, so the factor should be near 1; ReLU keeps half of the square, "
            "so it should be 2."
        )
        st.markdown(text)
        st.latex(r"E[z^2] = n \, E[w^2] \, E[a^2]")
        for start in dict.fromkeys(start.init for start in spec.chosen.values()):
            st.latex(rf"\text{{{_(INITS[start].title)}:}} \quad {INITS[start].formula}")
        st.caption(_("The factor n · E[w²] of every layer"))
        st.dataframe(figure.gains(spec, _), hide_index=True)

    panels.folded("signals book", _("Formulas"), ":material/function:", book)


def scales(state: PageState[Signals]) -> None:
    spec = state.spec

    def read(history: History, view: View) -> str:
        return figure.counted(spec, history, _)

    def draw(history: History, view: View, sentence: str) -> None:
        scene = figure.grid(spec, history, say=_, alt=sentence, running=view.state == "running")
        lesson.printed(history, done=view.state == "done")
        stage(scene, key="signals stage", state=state)
        panels.numbers("signals numbers", lambda: figure.grid_numbers(spec, history, _))

    watch("signals", spec.scales(), read, draw)

    def book() -> None:
        text = _(
            "Batch normalization subtracts the batch mean from a unit's sums and divides by their standard "
            "deviation; then it scales and shifts them by two learned numbers. The scale of the weights cancels "
            "out, unless the sums are so small that ε matters."
        )
        st.markdown(text)
        st.latex(
            r"\hat z = \frac{z - \mu_\text{batch}}{\sqrt{\sigma^2_\text{batch} + \varepsilon}}, "
            r"\quad y = \gamma \hat z + \beta"
        )
        source = "Ioffe, Szegedy (2015), Batch Normalization: Accelerating Deep Network Training"
        st.caption(_("Source: {source}").format(source=f"[{source}](https://arxiv.org/abs/1502.03167)"))

    panels.folded("signals book", _("Formulas"), ":material/function:", book)


frame.page(__file__, show)
