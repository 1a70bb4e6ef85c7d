"""One line of an optimizer's update, as on a blackboard: what is computed, and why."""

from __future__ import annotations

from typing import Literal, NamedTuple

from spec import N_

__all__ = ["LARGEST", "MEAN", "MEAN_HAT", "RATE", "SQUARES", "SQUARES_HAT", "Line", "penalised", "root"]


class Line(NamedTuple):
    r"""One line of a step: `symbol` = `formula`, and what it does.

    `symbol` is LaTeX. In `formula`, `<name>` is a quantity: a field of the optimizer, the gradient `<g>` that the
    optimizer gets, `<w>`, `<t>`, an earlier line by its name, or `<name'>`, the result of line `name` in the previous
    step, stored in its `slot` (before the first step: `slot` as `init` leaves it; without a slot, `first`). Lines have
    x and y like w, so no formula needs an index. Around the quantities stand numbers, `+`, `-`, `\,` for times (always
    written), `^`, `( )`, `|a|`, `\frac{a}{b}`, `\sqrt{a}`, `\max(a, b)`, `\min(a, b)`, `\sign(a)` and
    `\cases{a}{b > c}{d}`: a where b > c (or <, =), else d. `experiments.anatomy` evaluates it, so a line does
    what it shows; a setting that changes the update changes the lines.

    `slot` names the array of the state that keeps the line's result. `role` says how it is drawn: `pull` and `memory`
    are arrows (against their direction one goes down), `spread` is a size per coordinate, `rate` what each
    coordinate's direction is multiplied by, `factor` any other number, `step` the move itself.
    """

    name: str
    symbol: str
    formula: str
    sentence: str
    role: Literal["pull", "memory", "spread", "rate", "factor", "step"]
    slot: str = ""
    first: float = 0.0


_PULLED = Line(
    "pulled", r"g_\lambda", r"<g> + <weight_decay>\,<w>", N_("Weight decay adds a pull toward zero."), "pull"
)


def penalised(weight_decay: float, *lines: Line) -> tuple[Line, ...]:
    """Return the lines with g + weight_decay · w instead of g, after a line that computes it; 0 changes nothing."""
    if not weight_decay:
        return lines
    return _PULLED, *(line._replace(formula=line.formula.replace("<g>", "<pulled>")) for line in lines)


def root(square: str, *, eps_inside: bool = False) -> str:
    """Return the formula of a denominator: the root of a mean or sum of squares, with epsilon outside or inside."""
    return rf"\sqrt{{{square} + <eps>}}" if eps_inside else rf"\sqrt{{{square}}} + <eps>"


# Lines that Adam and its variants share.
MEAN = Line(
    "m", "m", r"<beta1>\,<m'> + (1 - <beta1>)\,<g>",
    N_("Exponential moving average of the gradients: zigzags cancel out."), "memory", "exp_avg",
)  # fmt: skip
SQUARES = Line(
    "v", "v", r"<beta2>\,<v'> + (1 - <beta2>)\,<g>^2",
    N_("Exponential moving average of the squared gradients: their size."), "spread", "exp_avg_sq",
)  # fmt: skip
MEAN_HAT = Line(
    "mhat", r"\hat m", r"\frac{<m>}{1 - <beta1>^{<t>}}",
    N_("Bias correction: the average starts at 0 and is too small at first."), "memory",
)  # fmt: skip
SQUARES_HAT = Line(
    "vhat",
    r"\hat v",
    r"\frac{<v>}{1 - <beta2>^{<t>}}",
    N_("The same bias correction for the average of the squares."),
    "spread",
)
RATE = Line(
    "rate", r"\tilde\eta", rf"\frac{{<lr>}}{{{root('<vhat>')}}}",
    N_("A learning rate for each coordinate: small where gradients are large."), "rate",
)  # fmt: skip
LARGEST = Line(
    "u", "u", r"\max(<u'>, <v>)", N_("The largest average of the squares so far."), "spread", "max_exp_avg_sq"
)
