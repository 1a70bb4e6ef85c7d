"""A rule says how parameters move, given their gradient; this is what all rules have in common.

A rule is a frozen dataclass of hyper-parameters. What it remembers from step to step is kept apart, in a dict of named
arrays. The same code moves a point, a cloud of points, and the weights of many networks at once.
"""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from optimizers.schedules import Constant, Schedule
from spec import N_, Refused, check, setting

__all__ = ["Array", "Line", "Optimizer", "State", "decayed", "in_cache", "penalised", "quiet"]

Array = npt.NDArray[np.floating[Any]]
State = dict[str, Any]

BLOCK = 65_536  # elements: about as many as a processor core's second-level cache holds of a rule's arrays

quiet = np.errstate(all="ignore")  # divergence is data: inf and nan pass through without a warning


@dataclasses.dataclass(frozen=True)
class Optimizer(ABC):
    """A rule that moves parameters against their gradient; its fields are its hyper-parameters.

    Formulas, names and defaults are torch.optim's. Raises `Refused` for a value for which the rule has no meaning.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    sentence: ClassVar[str]
    formula: ClassVar[str]  # LaTeX; w parameters, g gradient, t number of the step
    paper: ClassVar[str]
    paper_url: ClassVar[str]
    published: ClassVar[str]  # "1964" or "2014-12": rules are taught in the order in which they were found
    family: ClassVar[Literal["gradient", "velocity", "accumulating", "normalised", "searching"]]
    """How far a step goes: lr·|g|, up to lr·|g| / (1 - momentum), lr·|g| / sqrt(sum of g²), about lr for any g, or as
    far as the rule itself finds good, whatever the size of g."""
    pace: ClassVar[float] = (
        1.0  # the learning rate that suits this rule, as a multiple of the one that suits its family
    )
    slots: ClassVar[tuple[str, ...]] = ()  # arrays shaped like the parameters, named as torch.optim names them

    lr: float  # every rule has a learning rate; each says which is usual for it
    _: dataclasses.KW_ONLY
    schedule: Schedule = setting(Constant(), N_("learning-rate schedule"))  # noqa: RUF009

    def __post_init__(self) -> None:
        check(self)
        if not isinstance(self.schedule, Schedule):
            raise Refused(N_("{value} is not a learning-rate schedule."), value=self.schedule)

    def init(self, params: Array) -> State:
        """Return the state before the first step: `{"step": 0}` and one array of zeros, shaped like `params`, per slot.

        Raises `Refused` when `params` holds integers, which cannot move by fractions.
        """
        if not np.issubdtype(params.dtype, np.floating):
            raise Refused(N_("Parameters must be floating-point numbers, not {dtype}."), dtype=params.dtype)
        return {"step": 0} | {slot: np.zeros_like(params) for slot in self.slots}

    @abstractmethod
    def step(self, params: Array, grads: Array, state: State) -> None:
        """Move `params` by one step, and `state` with it, both in place; `grads` is left as it is.

        `params`, `grads` and every slot share one shape: [P], or [n, P] with one row per setting of a stack.
        """

    @property
    def lines(self) -> tuple[Line, ...]:
        """The step as these settings take it, line by line; the last one, named `step`, is what is added to w."""
        return ()

    @classmethod
    def stack(cls, configs: Sequence[Self], dtype: npt.DTypeLike = np.float64) -> Self:
        """Return one rule that moves n rows, each by its own setting: every number becomes a column [n, 1].

        Of schedules it keeps one if all rows share it, else a tuple with one for each row; `Scheduled` follows them.

        A row comes out exactly as `configs[row]` alone would move it, whatever its neighbours are. For that keep
        `dtype`, the precision of the columns, at float64 even for float32 parameters: coefficients such as
        1 - beta2 are then rounded once, to the parameters' precision, as they are for a single rule.

        Columns meet a cloud of points [n, 2] several times faster when it is Fortran-ordered.
        """
        if not configs or any(type(config) is not cls for config in configs):
            raise TypeError(f"a stack of {cls.__name__} needs one or more {cls.__name__}, got {configs!r}")
        stacked = object.__new__(cls)  # the fields are columns, which no single setting's check could judge
        schedules = tuple(config.schedule for config in configs)
        shared = schedules.count(schedules[0]) == len(schedules)
        object.__setattr__(stacked, "schedule", schedules[0] if shared else schedules)
        for field in dataclasses.fields(cls):
            if field.name == "schedule":
                continue
            column = np.array([[getattr(config, field.name)] for config in configs], dtype)
            object.__setattr__(stacked, field.name, column)
        return stacked


class Line(NamedTuple):
    r"""One line of a step as one would write it on a blackboard: `symbol` = `formula`, and what it does.

    `symbol` is LaTeX. In `formula`, `<name>` stands for a quantity: a field of the rule, `<g>` the gradient that the
    rule sees, `<w>`, `<t>`, a line above by its name, or `<name'>`: what line `name` came to one step before, which
    its `slot` remembers (before the first step: `slot` as `init` leaves it; without a slot, `first`). Lines have x and
    y like w, so no formula needs an index. Around the quantities stand numbers, `+`, `-`, `\,` for times (always
    written), `^`, `( )`, `|a|`, `\frac{a}{b}`, `\sqrt{a}`, `\max(a, b)`, `\min(a, b)`, `\sign(a)` and
    `\cases{a}{b > c}{d}`: a where b > c (or <, =), else d. `experiments.anatomy` evaluates it, so a line is what it
    says; a step that a setting changes has other lines.

    `slot` names the array of the state that keeps the line's result. `role` says how it is drawn: `pull` and `memory`
    are arrows (against their direction one goes down), `spread` is a size per coordinate, `rate` what each
    coordinate's direction is multiplied by, `step` the move itself.
    """

    name: str
    symbol: str
    formula: str
    sentence: str
    role: Literal["pull", "memory", "spread", "rate", "step"]
    slot: str = ""
    first: float = 0.0


_PULLED = Line(
    "pulled", r"g_\lambda", r"<g> + <weight_decay>\,<w>", N_("Weight decay adds its own pull, towards zero."), "pull"
)


def penalised(weight_decay: float, *lines: Line) -> tuple[Line, ...]:
    """Return lines that meet g + weight_decay · w in place of g, with a line that says so before them; 0 adds none."""
    if not weight_decay:
        return lines
    return _PULLED, *(line._replace(formula=line.formula.replace("<g>", "<pulled>")) for line in lines)


def in_cache(
    arrays: Sequence[Array], coefficients: Sequence[float | Array]
) -> Iterator[tuple[Sequence[Array], Sequence[Array]]]:
    """Yield views of the arrays and their coefficients, a few rows at a time: a step's many passes then hit the cache.

    `arrays` share one shape; a coefficient is a number or a column [n, 1], and comes out in the arrays' dtype: NumPy
    would compute float32 arrays times a float64 column in float64, slowly. Arrays of one dimension come out whole.
    """
    first = arrays[0]
    coefficients = [np.asarray(coefficient, first.dtype) for coefficient in coefficients]
    if first.size <= BLOCK or first.ndim == 1:
        yield arrays, coefficients
        return
    shape = first.shape
    rows = max(1, BLOCK // math.prod(shape[1:]))
    for row in range(0, shape[0], rows):
        cut = slice(row, row + rows)
        yield [array[cut] for array in arrays], [column[cut] if column.ndim else column for column in coefficients]


def decayed(g: Array, w: Array, weight_decay: Array) -> Array:
    """Return g + weight_decay · w, the gradient of the loss with the penalty weight_decay/2 · |w|² added.

    Where `weight_decay` is 0 it is g itself: 0 · w would be nan once w has diverged to infinity.
    """
    decaying = np.count_nonzero(weight_decay)
    if decaying == 0:
        return g
    penalised = g + weight_decay * w
    return penalised if decaying == weight_decay.size else np.where(weight_decay, penalised, g)
