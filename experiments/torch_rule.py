"""An optimizer that torch does not have, as the source of a torch optimizer, line by line as it is taught."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from experiments.anatomy import QUANTITY, compiled
from optimizers import Optimizer
from spec import settings

SUM, PRODUCT, POWER, ATOM = range(4)  # operator precedence


class Term(NDArrayOperatorsMixin):
    """A Python expression under construction: NumPy arithmetic on terms gives the source of the torch computation.

    A term that is not a `tensor` is a plain number when the code runs.
    """

    def __init__(self, text: str, bond: int = ATOM, *, tensor: bool = False) -> None:
        self.text, self.bond, self.tensor = text, bond, tensor

    def within(self, bond: int) -> str:
        """Return the text, in brackets unless its precedence is at least `bond`."""
        return self.text if self.bond >= bond else f"({self.text})"

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *parts: Any) -> Term:
        return _UFUNCS[ufunc](*map(term, parts))

    def __array_function__(self, function: Any, types: Any, parts: Any, named: Any) -> Term:
        if function is not np.where:
            raise TypeError(f"{function} has not been given a form in torch")
        return _where(*map(term, parts))


def term(value: Any) -> Term:
    """Return a term; a number is converted to one."""
    return value if isinstance(value, Term) else Term(f"{float(value):.15g}")


def _infix(sign: str, bond: int, left: int = 0, right: int = 0) -> Callable[[Term, Term], Term]:
    """Return a function that writes an operation; `left` and `right` are added to the precedence its operands need."""
    return lambda a, b: Term(
        f"{a.within(bond + left)}{sign}{b.within(bond + right)}", bond, tensor=a.tensor or b.tensor
    )


def _function(of_tensors: str, of_numbers: str) -> Callable[..., Term]:
    def write(*parts: Term) -> Term:
        tensor = any(part.tensor for part in parts)
        return Term(f"{of_tensors if tensor else of_numbers}({', '.join(p.text for p in parts)})", tensor=tensor)

    return write


def _extreme(of_tensors: str, of_numbers: str, bound: str) -> Callable[[Term, Term], Term]:
    def write(a: Term, b: Term) -> Term:
        if a.tensor == b.tensor:
            return _function(of_tensors, of_numbers)(a, b)
        many, one = (a, b) if a.tensor else (b, a)
        return Term(f"torch.clamp({many.text}, {bound}={one.text})", tensor=True)

    return write


def _where(condition: Term, then: Term, other: Term) -> Term:
    if condition.tensor:
        return Term(f"torch.where({condition.text}, {then.text}, {other.text})", tensor=True)
    return Term(f"({then.text} if {condition.text} else {other.text})", tensor=then.tensor or other.tensor)


_UFUNCS: dict[np.ufunc, Callable[..., Term]] = {
    np.add: _infix(" + ", SUM),
    np.subtract: _infix(" - ", SUM, right=1),
    np.multiply: _infix(" * ", PRODUCT),
    np.divide: _infix(" / ", PRODUCT, right=1),
    np.power: _infix("**", POWER, left=1, right=1),
    np.negative: lambda a: Term(f"-{a.within(PRODUCT)}", PRODUCT, tensor=a.tensor),
    np.sqrt: _function("torch.sqrt", "math.sqrt"),
    np.absolute: _function("torch.abs", "abs"),
    np.sign: _function("torch.sign", "np.sign"),
    np.greater: _infix(" > ", SUM),
    np.less: _infix(" < ", SUM),
    np.equal: _infix(" == ", SUM),
    np.maximum: _extreme("torch.maximum", "max", "min"),
    np.minimum: _extreme("torch.minimum", "min", "max"),
}


def written(rule: Optimizer, name: str) -> str:
    """Return the source of a class `name(parameters, lr)` that steps as in `rule.lines`; it needs `math` and torch.

    The learning rate is read from each parameter group, where torch's schedules set it; other settings are constants in
    the code. Raises `ValueError` for an optimizer without lines.
    """
    if not rule.lines:
        raise ValueError(f"{rule.title} does not say its step line by line")
    used = {found for line in rule.lines for found in QUANTITY.findall(line.formula)}
    kept = [line for line in rule.lines if f"{line.name}'" in used]
    constants = {one: getattr(rule, one) for one in settings(rule) if one in used - {"lr"}}
    values: dict[str, Any] = {one: Term(one) for one in ("t", "lr", *constants)}
    values |= {one: Term(one, tensor=True) for one in ("w", "g")}
    values |= {f"{line.name}'": Term(f'state["{line.name}"]', tensor=bool(line.slot)) for line in kept}
    results: list[Term] = []
    for line in rule.lines:
        results.append(term(compiled(line.formula)(values)))
        values[line.name] = Term(line.name, tensor=results[-1].tensor)
    step = results[-1]
    down = step.bond >= PRODUCT and step.text.startswith("-")
    moves = [f"{line.name} = {result.text}" for line, result in zip(rule.lines[:-1], results, strict=False)]
    moves.append(f"w -= {step.text[1:]}" if down else f"w += {step.text}")

    slots = rule.init(np.zeros(1))
    first = {"t": "0"} if "t" in used else {}
    for line in kept:
        start = repr(float(slots[line.slot][0]) if line.slot else line.first)
        every = "torch.zeros_like(w)" if start == "0.0" else f"torch.full_like(w, {start})"
        first[line.name] = every if line.slot else start
    begins = ["if not state:  # before its first step", *(f'    state["{name}"] = {to}' for name, to in first.items())]
    inner = [
        "g, state = w.grad, self.state[w]" if first else "g = w.grad",
        *(begins if first else []),
        *(['t = state["t"] = state["t"] + 1'] if "t" in used else []),
        *moves,
        *(f'state["{line.name}"] = {line.name}' for line in kept),
    ]
    made = [fact.mistake for one, fact in settings(rule).items() if fact.mistake and getattr(rule, one)]
    mistakes = f" with a common mistake or variant ({', '.join(made)})" if made else ""
    return "\n".join([
        f"class {name}(torch.optim.Optimizer):",
        f'    """{rule.title}{mistakes}, line by line as it is taught: torch does not have it."""',
        "",
        "    def __init__(self, parameters, lr):",
        '        super().__init__(parameters, {"lr": lr})',
        "",
        "    @torch.no_grad()",
        "    def step(self):",
        *([f"        {', '.join(constants)} = {', '.join(map(repr, constants.values()))}"] if constants else []),
        "        for group in self.param_groups:",
        '            lr = group["lr"]',
        '            for w in group["params"]:',
        *(f"                {line}" for line in inner),
    ])  # fmt: skip
