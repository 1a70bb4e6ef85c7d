"""What trained networks predict for each row: a collapsed panel below the picture of a training page.

Above it are notices that a reader of the picture needs, for example about a class without rows in one part of the data.

# in `draw`, after the stage; `watch` is asked for the record: watch(..., records=("outputs",))
results.panel("compare", variants, names, history, done=view.state == "done")

`names` has one name for each variant (`figures.results.names(lines)` makes them of a page's lines).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from datasets import Dataset, find
from experiments.fit import Fit, History
from experiments.results import Question
from figures import results as figures
from figures import theme, worth
from figures.scene import literal, spoken
from runs import Chain
from spec import digest
from ui import panels
from ui.asked import asked
from ui.language import _

SIDE = 112  # pixels of the image of a misclassified row


def panel(page: str, variants: Sequence[Fit], names: Sequence[str], history: History, *, done: bool) -> None:
    """Draw the notices on a training and the collapsed panel, which says so while the training is not done."""
    notices(worth.lacking(history, find(variants[0].dataset), names, _))
    st.caption(_(worth.MEASURED))

    def show() -> None:
        if done and "outputs" in history.records:
            _show(f"{page} results {digest(tuple(variants))}", variants, names, history)
        else:
            st.caption(_("Results appear here when training ends."))

    panels.folded(f"{page} results", _("Predictions"), ":material/fact_check:", show)


def notices(sentences: Sequence[str]) -> None:
    """Draw the notices, in Markdown, in a box; nothing if there are none."""
    if sentences:
        st.info("  \n".join(sentences), icon=":material/info:")


def _show(key: str, variants: Sequence[Fit], names: Sequence[str], history: History) -> None:
    """Draw the choices of the panel, and a worker's answer to them."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        which = 0
        if len(variants) > 1:
            which = st.selectbox(
                _("Network"), list(range(len(variants))), format_func=list(names).__getitem__, width=280,
                key=f"{key} which",
            )  # fmt: skip
        fit, data = variants[which], find(variants[which].dataset)
        held = np.isfinite(history.val_loss[which]).any()
        best = False
        if held:
            epochs = {
                False: _("last epoch ({epoch})").format(epoch=fit.epochs),
                True: _("best epoch ({epoch})").format(epoch=int(history.best_epoch[which])),
            }
            best = st.segmented_control(
                _("Weights from"), list(epochs), default=False, format_func=epochs.__getitem__, required=True,
                key=f"{key} best",
            )  # fmt: skip
        test = False
        if fit.test_size or data.held:
            test = st.toggle(
                _("Reveal the test set"), key=f"{key} test",
                help=_("Look once, at the end: a score used for selection no longer estimates performance on new "
                       "data."),
            )  # fmt: skip
    outputs = history.records["outputs"][which, int(best), :, :, 0]
    question = Question(fit, data, test, bool(best), outputs)
    told = asked(Chain("experiments.results:begin", "experiments.results:look", question), height="30rem")
    if told is not None:
        _told(f"{key} {which} {best} {test}", told, data)


def _told(key: str, told: Mapping[str, np.ndarray], data: Dataset) -> None:
    reading = figures.reading(told, data, _)
    st.markdown(reading)
    sentence = spoken(reading)
    if told["n"] < told["rows"]:
        text = _("Rows used for these results: the first {n} of {rows}.")
        st.caption(text.format(n=f"{told['n']:,}", rows=f"{told['rows']:,}"))
    if "lost" in told:
        return
    palette = theme.PALETTES[st.context.theme.type or "light"]
    if data.task == "numbers":
        st.caption(_("Predicted against actual: a correct prediction lies on the dotted line"))
        with st.container(width=620):
            _chart(f"{key} scatter", figures.scatter(told, palette, _), sentence)
    else:
        left, right = st.columns(2, gap="large")
        with left:
            st.caption(_("Confusion matrix, colored by the share of each row"))
            _chart(f"{key} confusion", figures.confusion(told, data, palette, _), sentence)
        with right:
            if np.isfinite(told["auc"]).any():
                st.caption(_("ROC curve: true positive rate against false positive rate, at every threshold"))
                areas = figures.areas(told, data, _)
                _chart(f"{key} roc", figures.roc(told, data, palette, _), areas)
    _worst(told, data)


def _chart(key: str, figure: dict[str, Any], alt: str) -> None:
    st.plotly_chart(figure, theme=None, key=key, alt=alt, config={"displayModeBar": False})


def _worst(told: Mapping[str, np.ndarray], data: Dataset) -> None:
    """Draw the worst errors: as images, or as rows of a table."""
    if not len(told["true"]):
        return
    st.caption(_("The worst predictions, the largest loss first"))
    if "pixels" in told:
        grey, verdicts = figures.pictures(told["pixels"], SIDE), figures.verdicts(told, data, _)
        with st.container(horizontal=True, gap="small"):
            for picture, verdict in zip(grey, verdicts, strict=True):
                st.image(picture, caption=literal(verdict), width=SIDE)
    else:
        st.dataframe(figures.mistakes(told, data, _), hide_index=True)
