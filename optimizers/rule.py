"""The base class of all optimizers: how parameters change, given their gradient.

An optimizer is a frozen dataclass of hyperparameters. Its state is separate: a dict of named arrays. The same code
updates one point, many points, or the weights of many networks at once.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Literal, Self, TypeVar, cast

import numpy as np
import numpy.typing as npt

from optimizers.lines import Line
from optimizers.schedules import Constant, Schedule
from spec import N_, Refused, check, setting, settings

__all__ = ["Array", "Optimizer", "State", "anywhere", "decayed", "in_cache", "largest", "quiet", "without_switches"]

Array = npt.NDArray[np.floating[Any]]
State = dict[str, Any]
Step = TypeVar("Step", bound=Callable[..., None])

BLOCK = 65_536  # elements: about as many as a processor core's second-level cache holds of a rule's arrays

quiet = np.errstate(all="ignore")  # divergence is data: inf and nan pass through without a warning


@dataclasses.dataclass(frozen=True)
class Optimizer(ABC):
    """An optimizer; its fields are its hyperparameters.

    Formulas, names and defaults are those of torch.optim. Raises `Refused` for an invalid value.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    sentence: ClassVar[str]
    formula: ClassVar[str]  # LaTeX; w parameters, g gradient, t number of the step
    paper: ClassVar[str]
    paper_url: ClassVar[str]
    published: ClassVar[str]  # "1964" or "2014-12"; optimizers are listed by date of publication
    family: ClassVar[Literal["gradient", "velocity", "accumulating", "normalised", "searching"]]
    """The length of a step, in the order above: lr·|g|; up to lr·|g| / (1 - momentum); lr·|g| / sqrt(sum of g²);
    about lr for any g; chosen by the optimizer itself, independent of the size of g."""
    begins: ClassVar[str] = ""
    """The family of the first steps, if it differs; the learning rate must suit these steps too."""
    lr_factor: ClassVar[float] = 1.0
    """A suitable learning rate, as a multiple of the suitable rate of the family."""
    torch: ClassVar[str] = ""
    """The call that creates the torch.optim optimizer: a format string of the fields. A part in [ ] is written
    only if it differs from the default."""
    slots: ClassVar[tuple[str, ...]] = ()  # arrays shaped like the parameters, named as torch.optim names them

    lr: float  # every optimizer has a learning rate; each subclass sets its default
    _: dataclasses.KW_ONLY
    schedule: Schedule = setting(Constant(), N_("learning rate schedule"))  # noqa: RUF009

    def __post_init__(self) -> None:
        check(self)
        if not isinstance(self.schedule, Schedule):
            raise Refused(N_("{value} is not a learning rate schedule."), value=self.schedule)

    def init(self, params: Array) -> State:
        """Return the state before the first step: `{"step": 0}` and one array of zeros, shaped like `params`, per slot.

        Raises `Refused` when `params` holds integers, which cannot move by fractions.
        """
        if not np.issubdtype(params.dtype, np.floating):
            raise Refused(N_("Parameters must be floating-point numbers, not {dtype}."), dtype=params.dtype)
        return {"step": 0} | {slot: np.zeros_like(params) for slot in self.slots}

    @abstractmethod
    def step(self, params: Array, grads: Array, state: State) -> None:
        """Update `params` and `state` by one step, both in place; `grads` does not change.

        `params`, `grads` and every slot share one shape: [P], or [n, P] with one row per setting of a stack.
        """

    @property
    def switched(self) -> bool:
        """Whether a setting that is only on or off is on; in a stack, in any row."""
        return any(anywhere(getattr(self, name)) for name in _switches(type(self)))

    @property
    def lines(self) -> tuple[Line, ...]:
        """The update with these settings, line by line; the last line, named `step`, is added to w."""
        return ()

    @property
    def torch_equivalent(self) -> str:
        """The call that creates torch's optimizer with these settings for `parameters`; empty if torch has none.

        torch has none of the common mistakes and variants.
        """
        if any(fact.mistake and getattr(self, name) for name, fact in settings(self).items()):
            return ""
        usual = {field.name: field.default for field in dataclasses.fields(self)}

        def unusual(part: re.Match[str]) -> str:
            return "" if part[1].format_map(usual) == part[1].format_map(vars(self)) else part[1]

        return re.sub(r"\[(.*?)\]", unusual, self.torch).format_map(vars(self))

    @classmethod
    def stack(cls, configs: Sequence[Self], dtype: npt.DTypeLike = np.float64) -> Self:
        """Return one optimizer for n rows, each with its own settings: every number becomes a column [n, 1].

        Of schedules it keeps one if all rows share it, else a tuple with one for each row; `Scheduled` follows them.

        A row gets exactly the result of `configs[row]` alone, independent of the other rows. For that keep
        `dtype`, the precision of the columns, at float64 even for float32 parameters: coefficients such as
        1 - beta2 are then rounded once, to the parameters' precision, as they are for a single rule.

        With columns, an array of points [n, 2] is updated several times faster if it is Fortran-ordered.
        """
        if not configs or any(type(config) is not cls for config in configs):
            raise TypeError(f"a stack of {cls.__name__} needs one or more {cls.__name__}, got {configs!r}")
        stacked = object.__new__(cls)  # the fields are columns, which no single setting's check could judge
        for field in dataclasses.fields(cls):
            each = tuple(getattr(config, field.name) for config in configs)
            if field.name == "schedule":
                stacks: Any = each[0] if each.count(each[0]) == len(each) else each
            else:
                stacks = np.array(each, dtype)[:, None]
            object.__setattr__(stacked, field.name, stacks)
        return stacked

    def spread(self, **columns: npt.ArrayLike) -> Self:
        """Return this setting for n rows, with other values [n] of some fields, by name: each becomes a column [n, 1].

        A field that does not vary stays a single number and costs nothing per row; otherwise this equals `stack`.
        """
        spread = copy.copy(self)
        for name, values in columns.items():
            object.__setattr__(spread, name, np.asarray(values, np.float64)[:, None])
        return spread


@functools.cache
def _switches(rule: type[Optimizer]) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(rule) if isinstance(field.default, bool))


def in_cache(
    arrays: Sequence[Array], coefficients: Sequence[float | Array]
) -> Iterator[tuple[Sequence[Array], Sequence[Array]]]:
    """Yield views of the arrays and their coefficients, a few rows at a time, so that they stay in the cache.

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


def without_switches(step: Step) -> Step:
    """Decorate a `step` that is the optimizer alone: where a switch is on, `varied` of the same class runs instead.

    The page shows the code of `step`, which stays short, and that of `varied` only if it runs. In a stack `varied` also
    updates the rows without a switch, and must give them the same numbers, bit for bit.
    """

    @functools.wraps(step)
    def either(self: Any, params: Array, grads: Array, state: State) -> None:
        (self.varied if self.switched else functools.partial(step, self))(params, grads, state)

    return cast(Step, either)


def anywhere(switch: float | Array) -> bool:
    """Return whether a switch of an optimizer is on; in a stack, whether it is in any row."""
    return bool(np.count_nonzero(switch) if isinstance(switch, np.ndarray) else switch)


def largest(v: Array, u: Array, amsgrad: Array) -> Array:
    """Return v or, where `amsgrad` is on, the largest v so far, which is kept in u, in place; elsewhere u stays 0."""
    np.maximum(u, np.where(amsgrad, v, 0), out=u)
    return np.where(amsgrad, u, v)


def decayed(g: Array, w: Array, weight_decay: Array) -> Array:
    """Return g + weight_decay · w, the gradient of the loss with the penalty weight_decay/2 · |w|² added.

    Where `weight_decay` is 0 it is g itself: 0 · w would be nan once w has diverged to infinity.
    """
    decaying = np.count_nonzero(weight_decay)
    if decaying == 0:
        return g
    penalised = g + weight_decay * w
    return penalised if decaying == weight_decay.size else np.where(weight_decay, penalised, g)
