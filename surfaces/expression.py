r"""Formulas that users type: parsed with a small grammar, evaluated with their exact gradient, written as LaTeX.

`parse("x^2/20 + sin(3x)").gradient(x, y)`. Nothing typed is ever executed: what the grammar does not know is refused,
with the character where it stands.

    sum      = signed {("+" | "-") signed}
    signed   = {"-" | "+"} product               a sign is weaker than a power or a product: -x^2 is -(x^2)
    product  = power {("*" | "/") factor | power}          no sign at all multiplies: 2x, xy, x sin y, (x+1)(y-1)
    factor   = {"-" | "+"} power
    power    = atom ["^" factor]                 from the right: x^y^2 is x^(y^2)
    atom     = number | variable | constant | function ["^" factor] argument | "√" power | bracket | fraction
    argument = bracket | ["-"] power {power}     without brackets numbers, then variables: sin 2x cos y, sin xy e^x

Products and quotients are computed from the left, whether a sign is written or not: 1/2x is (1/2)x. A number after a
factor needs its sign (x2 may mean x² or 2x). Brackets are ( ) [ ] { }, and | | for the absolute value; a fraction is
LaTeX's \frac{ }{ }. Unicode (x², ×, ÷, √, π, full-width letters) and LaTeX (\cdot, \left(, \sin, \operatorname{sign})
are read as what they stand for, `**` as ^; "f(x, y) =" or "z =" at the beginning is skipped. Upper case is read as
lower case where it has no meaning of its own. `log` is the natural logarithm; 2e3 is two thousand.
"""

from __future__ import annotations

import difflib
import functools
import math
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from spec import N_, Refused, listed

__all__ = ["CONSTANTS", "FUNCTIONS", "LONGEST", "Expression", "parse"]

Array = np.ndarray

LONGEST = 200  # characters of a formula; they bound its parts too, as every part takes one
DEEPEST = 40  # brackets, powers, signs and functions within each other
STEEPEST = 100  # the largest power of something that is not a constant
LARGEST = 1e100  # the largest constant
BLOCK = 8192  # points computed at a time: all parts of a formula then stay in the processor's cache


# -- what a formula may consist of


class Operation(NamedTuple):
    """What an operator or a function computes, and its slope in each operand.

    `value(*operands)`; `slopes[i](f, *operands)` is ∂f/∂operand i, given the value f. In `latex` <> stands for the
    operand; without it, the name is set before a bracket. `kinks`: the slope jumps, or is infinite, somewhere.
    """

    value: Callable[..., Any]
    slopes: Sequence[Callable[..., Any]]
    latex: str = ""
    kinks: bool = False


CONSTANTS = {"pi": math.pi, "e": math.e}

FUNCTIONS = {
    "sin": Operation(np.sin, [lambda f, x: np.cos(x)], r"\sin"),
    "cos": Operation(np.cos, [lambda f, x: -np.sin(x)], r"\cos"),
    "tan": Operation(np.tan, [lambda f, x: 1 + f * f], r"\tan"),
    "cot": Operation(lambda x: 1 / np.tan(x), [lambda f, x: -1 - f * f], r"\cot"),
    "sec": Operation(lambda x: 1 / np.cos(x), [lambda f, x: f * np.tan(x)], r"\sec"),
    "csc": Operation(lambda x: 1 / np.sin(x), [lambda f, x: -f / np.tan(x)], r"\csc"),
    "asin": Operation(np.arcsin, [lambda f, x: 1 / np.sqrt((1 - x) * (1 + x))], r"\arcsin", kinks=True),
    "acos": Operation(np.arccos, [lambda f, x: -1 / np.sqrt((1 - x) * (1 + x))], r"\arccos", kinks=True),
    "atan": Operation(np.arctan, [lambda f, x: 1 / (1 + x * x)], r"\arctan"),
    "sinh": Operation(np.sinh, [lambda f, x: np.cosh(x)], r"\sinh"),
    "cosh": Operation(np.cosh, [lambda f, x: np.sinh(x)], r"\cosh"),
    "tanh": Operation(np.tanh, [lambda f, x: 1 / np.cosh(x) ** 2], r"\tanh"),
    "asinh": Operation(np.arcsinh, [lambda f, x: 1 / np.hypot(x, 1)], r"\operatorname{asinh}"),
    "acosh": Operation(np.arccosh, [lambda f, x: 1 / np.sqrt((x - 1) * (x + 1))], r"\operatorname{acosh}", kinks=True),
    "atanh": Operation(np.arctanh, [lambda f, x: 1 / ((1 - x) * (1 + x))], r"\operatorname{atanh}"),
    "exp": Operation(np.exp, [lambda f, x: f], r"e^{<>}"),
    "ln": Operation(np.log, [lambda f, x: 1 / x], r"\ln"),
    "log10": Operation(np.log10, [lambda f, x: math.log10(math.e) / x], r"\log_{10}"),
    "log2": Operation(np.log2, [lambda f, x: math.log2(math.e) / x], r"\log_{2}"),
    "sqrt": Operation(np.sqrt, [lambda f, x: 0.5 / f], r"\sqrt{<>}", kinks=True),
    "cbrt": Operation(np.cbrt, [lambda f, x: 1 / (3 * f * f)], r"\sqrt[3]{<>}", kinks=True),
    "abs": Operation(np.abs, [lambda f, x: np.sign(x)], r"\left|<>\right|", kinks=True),
    "sign": Operation(np.sign, [lambda f, x: 0.0], r"\operatorname{sign}", kinks=True),
    "relu": Operation(lambda x: np.maximum(x, 0), [lambda f, x: 1.0 * (x > 0)], r"\operatorname{relu}", kinks=True),
    "sigmoid": Operation(lambda x: 1 / (1 + np.exp(-x)), [lambda f, x: f * (1 - f)], r"\operatorname{sigmoid}"),
    "softplus": Operation(
        lambda x: np.logaddexp(x, 0), [lambda f, x: 1 / (1 + np.exp(-x))], r"\operatorname{softplus}"
    ),
    "min": Operation(np.minimum, [lambda f, a, b: _ahead(b, a), lambda f, a, b: _ahead(a, b)], r"\min", kinks=True),
    "max": Operation(np.maximum, [lambda f, a, b: _ahead(a, b), lambda f, a, b: _ahead(b, a)], r"\max", kinks=True),
}
"""Every function by its name; a line is all it takes to add one. Those of two operands take any number of them."""


def _ahead(a: Array, b: Array) -> Array:
    """Return 1 where a > b, 0 where a < b, and a half of the slope to each where they are equal, as torch does."""
    return np.heaviside(a - b, 0.5)


def _power(base: Any, exponent: Any) -> Any:
    """Return base^exponent: for a whole constant exponent of any base; else real only, nan for a negative base.

    0^0 is 1, so that x^0 is 1 everywhere; 0 to a negative power is infinite.
    """
    if not isinstance(exponent, float):
        return np.where(np.greater_equal(base, 0), np.power(np.abs(base), exponent), np.nan)
    if exponent.is_integer():
        return _whole_power(base, int(exponent))
    return np.power(base, exponent)


def _whole_power(base: Any, exponent: int) -> Any:
    """Return base^exponent by squaring; several times faster than `np.power`."""
    if exponent < 0:
        return np.divide(1.0, _whole_power(base, -exponent))
    power = 1.0
    while exponent:
        if exponent & 1:
            power = base if isinstance(power, float) and power == 1 else power * base
        exponent >>= 1
        if exponent:
            base = base * base
    return power


def _slope_in_base(f: Any, base: Any, exponent: Any) -> Any:
    if isinstance(exponent, float):
        return exponent * _power(base, exponent - 1.0) if exponent else 0.0
    return np.where(np.equal(exponent, 0), 0.0, exponent * _power(base, exponent - 1.0))


def _slope_in_exponent(f: Any, base: Any, exponent: Any) -> Any:
    return np.where(np.equal(f, 0), 0.0, f * np.log(base))  # 0^x is 0 for all x > 0


OPERATORS = {
    "+": Operation(np.add, [lambda f, a, b: 1.0, lambda f, a, b: 1.0]),
    "-": Operation(np.subtract, [lambda f, a, b: 1.0, lambda f, a, b: -1.0]),
    "*": Operation(np.multiply, [lambda f, a, b: b, lambda f, a, b: a]),
    "/": Operation(np.divide, [lambda f, a, b: np.divide(1.0, b), lambda f, a, b: -f / b]),
    "^": Operation(_power, [_slope_in_base, _slope_in_exponent]),
    "negative": Operation(np.negative, [lambda f, a: -1.0]),
}
OPERATIONS = OPERATORS | FUNCTIONS


class Node(NamedTuple):
    """One part of a formula: a number, a variable or constant by its name, or an operation on earlier parts."""

    op: str
    operands: tuple[int, ...] = ()
    number: float = 0.0


NUMBER = ""  # the op of a number

# How strongly the parts of a formula hold together: what holds less than its place asks for needs a bracket.
SUM, SIGN, PRODUCT, POWER, ATOM = range(5)


@dataclass(frozen=True)
class Expression:
    """A formula in `names`, as the tree `nodes`: each refers to earlier ones by their number, the last is the whole.

    Equal parts are one node, and are computed once. `constants` holds the values of those without a variable.
    """

    names: tuple[str, ...]
    nodes: tuple[Node, ...]
    constants: dict[int, float] = field(repr=False, compare=False)

    @functools.cached_property
    def kinks(self) -> bool:
        """Whether the gradient may jump or be infinite somewhere, as that of |x|, sqrt(x) or x^1.5."""
        return any(
            OPERATIONS[node.op].kinks or (node.op == "^" and not self._smooth(*node.operands))
            for i, node in enumerate(self.nodes)
            if node.op in OPERATIONS and i not in self.constants
        )

    def _smooth(self, base: int, exponent: int) -> bool:
        return self.constants.get(base, 0.0) > 0 or self.constants.get(exponent, 0.5).is_integer()

    @property
    def constant(self) -> bool:
        """Whether no variable stands in the formula."""
        return len(self.nodes) - 1 in self.constants

    def value(self, *variables: Any) -> Array:
        """Return the formula's value for one array (or number) per variable; [...] each, so is the result.

        Outside the real numbers, as for sqrt(-1), it is nan; too large a value is inf.
        """
        return self._computed(variables, slopes=False)[0]

    def gradient(self, *variables: Any) -> tuple[Array, ...]:
        """Return the exact derivative by each variable, by forward differentiation through the tree.

        At a kink 0 · ∞ counts as 0, |x| has slope 0, and equal operands of min and max share its slope; where the value
        is nan, so is the gradient.
        """
        return tuple(self._computed(variables, slopes=True)[1:])

    @np.errstate(all="ignore")
    def _computed(self, variables: Sequence[Any], *, slopes: bool) -> list[Array]:
        """Return the value and, if asked for, each derivative; computed block by block."""
        arrays = np.broadcast_arrays(*(np.asarray(variable, float) for variable in variables))
        shape = arrays[0].shape
        arrays = [array.ravel() for array in arrays]
        results = [np.empty(arrays[0].shape) for _ in range(1 + slopes * len(arrays))]
        step = self._sloped if slopes else self._valued
        for first in range(0, arrays[0].size, BLOCK):
            block = slice(first, first + BLOCK)
            for result, computed in zip(results, step([array[block] for array in arrays]), strict=True):
                result[block] = computed
        for result in results[1:]:
            result[np.isnan(results[0])] = np.nan
        return [result.reshape(shape) for result in results]

    def _values(self, variables: Sequence[Array]) -> list[Any]:
        """Return the value of every node; those of constants are floats."""
        values: list[Any] = []
        for i, node in enumerate(self.nodes):
            if i in self.constants:
                values.append(self.constants[i])
            elif node.op in self.names:
                values.append(variables[self.names.index(node.op)])
            else:
                values.append(OPERATIONS[node.op].value(*(values[operand] for operand in node.operands)))
        return values

    def _valued(self, variables: Sequence[Array]) -> list[Any]:
        return self._values(variables)[-1:]

    def _sloped(self, variables: Sequence[Array]) -> list[Any]:
        """Return the value and the derivative by each variable; a float 0 or 1 stands for an array full of them."""
        values = self._values(variables)
        times = _times_with_kinks if self.kinks else _times
        slopes: list[list[Any]] = []
        for i, (node, value) in enumerate(zip(self.nodes, values, strict=True)):
            total: list[Any] = [1.0 if i not in self.constants and name == node.op else 0.0 for name in self.names]
            operands = [values[operand] for operand in node.operands]
            for place, operand in enumerate(node.operands):
                if operand in self.constants:
                    continue
                outer = OPERATIONS[node.op].slopes[place](value, *operands)
                for k, inner in enumerate(slopes[operand]):
                    if not _is(inner, 0):
                        product = times(outer, inner)
                        total[k] = product if _is(total[k], 0) else total[k] + product
            slopes.append(total)
        return [values[-1], *slopes[-1]]

    def __str__(self) -> str:
        """Return the formula as text that `parse` reads as this very tree."""
        texts: list[tuple[str, int]] = []
        for node in self.nodes:
            texts.append(_text(node, [texts[operand] for operand in node.operands]))
        return texts[-1][0]

    def latex(self) -> str:
        """Return the formula as LaTeX, without "f(x, y) ="."""
        texts: list[tuple[str, int]] = []
        for node in self.nodes:
            base = self.nodes[node.operands[0]] if node.operands else node
            texts.append(_latex(node, base, [texts[operand] for operand in node.operands]))
        return texts[-1][0]


def _is(slope: Any, number: float) -> bool:
    return isinstance(slope, float) and slope == number


def _times(outer: Any, inner: Any) -> Any:
    if _is(inner, 1):
        return outer
    return inner if _is(outer, 1) else outer * inner


def _times_with_kinks(outer: Any, inner: Any) -> Any:
    """Return outer · inner, and 0 where one of them is, even if the other is infinite."""
    if _is(inner, 1) or _is(outer, 1):
        return _times(outer, inner)
    return np.where((np.equal(outer, 0)) | (np.equal(inner, 0)), 0.0, outer * inner)


# -- a formula as text and as LaTeX


def _text(node: Node, operands: list[tuple[str, int]]) -> tuple[str, int]:
    """Return a node as text and how strongly it holds together, given the same of its operands."""

    def held(place: int, least: int) -> str:
        text, strength = operands[place]
        return text if strength >= least else f"({text})"

    match node.op:
        case "":
            return repr(node.number).removesuffix(".0"), ATOM
        case "+" | "-":
            return f"{held(0, SUM)} {node.op} {held(1, PRODUCT)}", SUM
        case "negative":
            return f"-{held(0, SIGN)}", SIGN
        case "*" | "/":
            return f"{held(0, PRODUCT)}{node.op}{held(1, POWER)}", PRODUCT
        case "^":
            return f"{held(0, ATOM)}^{held(1, POWER)}", POWER
    return (f"{node.op}({', '.join(text for text, _ in operands)})" if operands else node.op), ATOM


def _latex(node: Node, base: Node, operands: list[tuple[str, int]]) -> tuple[str, int]:
    """Return a node as LaTeX and how strongly it holds together; `base` is its first operand."""
    inner = [text for text, _ in operands]

    def held(place: int, least: int) -> str:
        text, strength = operands[place]
        return text if strength >= least else _bracketed(text)

    match node.op:
        case "":
            return _latex_number(node.number)
        case "+" | "-":
            return f"{held(0, SUM)} {node.op} {held(1, PRODUCT)}", SUM
        case "negative":
            return f"-{held(0, PRODUCT)}", SIGN
        case "*":
            left, right = held(0, PRODUCT), held(1, POWER)
            dot = right[0].isdigit() or (left[-1].isdigit() and right.startswith(r"\frac"))
            return (rf"{left} \cdot {right}" if dot else f"{left} {right}"), PRODUCT
        case "/":
            return rf"\frac{{{inner[0]}}}{{{inner[1]}}}", POWER
        case "^" if base.op in FUNCTIONS and "<>" not in FUNCTIONS[base.op].latex and inner[1].isdigit():
            name = FUNCTIONS[base.op].latex
            return f"{name}^{{{inner[1]}}}{inner[0].removeprefix(name)}", POWER
        case "^":
            return f"{held(0, ATOM)}^{{{inner[1]}}}", POWER
    if node.op not in FUNCTIONS:
        return rf"\{node.op}" if node.op == "pi" else node.op, ATOM
    name, argument = FUNCTIONS[node.op].latex, ", ".join(inner)
    if "<>" in name:
        return name.replace("<>", argument), POWER if "^" in name else ATOM
    return f"{name}{_bracketed(argument)}", ATOM


def _bracketed(latex: str) -> str:
    return rf"\left({latex}\right)" if r"\frac" in latex or r"\left" in latex else f"({latex})"


def _latex_number(number: float) -> tuple[str, int]:
    mantissa, _sep, power = repr(number).removesuffix(".0").partition("e")
    return (rf"{mantissa} \cdot 10^{{{int(power)}}}", PRODUCT) if power else (mantissa, ATOM)


# -- reading: from what was typed to tokens


class Token(NamedTuple):
    """A number, a name, a sign or the end: in the grammar's words, as typed, and the place of its first character."""

    kind: str
    text: str
    typed: str
    place: int


ALIASES = {
    "log": "ln", "lg": "log10", "sgn": "sign", "tg": "tan", "ctg": "cot", "π": "pi", "arcsin": "asin",
    "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
}  # fmt: skip
SAME = {
    "×": "*", "·": "*", "⋅": "*", "∙": "*", "•": "*", "∗": "*", "\u2062": "*", "÷": "/", "∕": "/", "⁄": "/",
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "ˆ": "^", "∣": "|", "│": "|", "ǀ": "|", "∛": " cbrt ", "$": " ",
    "\u200b": " ", "\u2060": " ", "\u2061": " ", "\ufeff": " ",
}  # fmt: skip
"""Characters that look like one of the grammar, or stand for it; in what is copied from pages, some cannot be seen."""

SIGNS = {
    "**": "^", r"\cdot": "*", r"\times": "*", r"\ast": "*", r"\div": "/", r"\vert": "|", r"\mid": "|",
    r"\lvert": r"\left|", r"\rvert": r"\right|", r"\lbrack": "[", r"\rbrack": "]", r"\lbrace": "{", r"\rbrace": "}",
    r"\{": "{", r"\}": "}", r"\tfrac": r"\frac", r"\dfrac": r"\frac", r"\cfrac": r"\frac", r"\frac": r"\frac",
}  # fmt: skip
LOOKS = {
    *(f"\\{space}" for space in (",", ";", ":", "!", " ", ">", "quad", "qquad", "displaystyle", "textstyle")),
    *(f"\\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")),
    r"\left", r"\right",
}  # fmt: skip
"""LaTeX that says how a formula looks, not what it means."""

OPENING = {"(": ")", "[": "]", "{": "}", "|": "|", r"\left|": r"\right|"}

BEGINNING = re.compile(r"\s*([^\W\d_])\s*((\\left)?\s*\([^()=]*\))?\s*:?=")  # f(x, y) =
ROOT = re.compile(r"\\sqrt\s*\[")
TOKEN = re.compile(
    r"""(?P<space>\s+)
    | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)
    | (?P<bar>\\(?:left|right))\s*(?:\||\\vert)
    | \\(?:operatorname\*?|mathrm|mathit|text)\s*\{\s*(?P<upright>[^\W\d_]+)\s*\}
    | (?P<command>\\(?:[a-zA-Z]+|.))
    | (?P<word>[^\W\d_]+(?:(?<=log)(?:10|2)(?![0-9.]))?)
    | (?P<sign>\*\*|[-+*/^()\[\]{}|,√])""",
    re.VERBOSE,
)


def _spelled(text: str) -> tuple[str, list[int]]:
    """Return the text in the grammar's characters, and for each the place of the typed one it comes from, from 1."""
    characters: list[str] = []
    places: list[int] = []
    raised = False
    for place, typed in enumerate(f"{text} ", 1):
        form = "" if typed.isascii() else unicodedata.decomposition(typed).split(" ")[0]
        if typed.isascii():
            plain = SAME.get(typed, typed)
        elif form == "<sub>":
            plain = "_"
        elif form == "<fraction>" and (number := unicodedata.numeric(typed, None)) is not None:
            plain = f" {number!r} "
        else:
            plain = "".join(SAME.get(one, one) for one in unicodedata.normalize("NFKC", SAME.get(typed, typed)))
        if raised != (form == "<super>"):  # x²³ is x^(23)
            plain = (")" if raised else "^(") + plain
            raised = not raised
        characters += plain
        places += [place] * len(plain)
    return "".join(characters), places


@functools.lru_cache(maxsize=16)
def _known(names: tuple[str, ...]) -> dict[str, str]:
    """Return every word that means something, and what."""
    return {name: name for name in (*FUNCTIONS, *CONSTANTS)} | ALIASES | {name: name for name in names}


def _tokens(text: str, names: tuple[str, ...]) -> list[Token]:
    """Return the tokens of a formula, the last of them its end; raise `Refused` at what belongs to none."""
    known = _known(names)
    spelled, places = _spelled(text)
    beginning = BEGINNING.match(spelled)
    at = beginning.end() if beginning and beginning[1].lower() not in names else 0
    tokens: list[Token] = []
    while at < len(spelled):
        found, place = TOKEN.match(spelled, at), places[at]
        if found is None:
            raise _stranger(spelled[at], text[place - 1], place)
        at = found.end()
        kind = found.lastgroup or ""
        part = found[kind]
        typed = text[place - 1 : max(place, places[min(at, len(places) - 1)] - 1)]
        if kind in ("word", "upright"):
            first = found.start(kind)
            for offset, name in _split(part, known) or _split(part.lower(), known) or [(0, "")]:
                if not name:
                    raise _unknown(part, place, known, names)
                tokens.append(Token("name", known[name], name, places[first + offset]))
        elif kind == "number":
            tokens.append(Token("number", part, typed, place))
        elif kind == "bar":
            tokens.append(Token("sign", f"{part}|", typed, place))
        elif kind == "sign" or part in SIGNS:
            tokens.append(Token("sign", SIGNS.get(part, part), typed, place))
        elif ROOT.match(spelled, found.start()):
            text = N_("Character {place}: write roots other than the square root as powers, such as (x^2)^(1/3).")
            raise Refused(text, place=place)
        elif part[1:] in known:
            tokens.append(Token("name", known[part[1:]], typed, place))
        elif kind == "command" and part not in LOOKS:
            raise _unknown(part, place, known, names)
    tokens.append(Token("end", "", "", len(text.rstrip()) + 1))
    return tokens


def _split(word: str, known: Collection[str]) -> list[tuple[int, str]]:
    """Return the names that letters without a space spell, each with its offset: xsin is x, sin; empty if they do not.

    Where there is a choice the longer name goes first.
    """
    lengths = range(max(map(len, known)), 0, -1)
    rest: dict[int, list[tuple[int, str]]] = {len(word): []}
    for start in reversed(range(len(word))):
        for length in lengths:
            name = word[start : start + length]
            if name in known and start + length in rest:
                rest[start] = [(start, name), *rest[start + length]]
                break
    return rest.get(0, [])


def _stranger(character: str, typed: str, place: int) -> Refused:
    """Return the refusal of a character that no token begins with."""
    if character == "=":
        text = N_("Character {place} is “=”; type only the part to the right of f(x, y) =.")
    elif character == "_":
        text = N_("Character {place} is a subscript, as in x₁; variables are single letters without an index.")
    else:
        text = N_("Character {place} is “{found}”, which is not allowed in a formula.")
    visible = typed.isprintable() and not unicodedata.combining(typed)
    return Refused(text, place=place, found=typed if visible else f"U+{ord(typed):04X}")


def _unknown(word: str, place: int, known: Iterable[str], names: Sequence[str]) -> Refused:
    """Return the refusal of a name, with the nearest known one that begins alike."""
    word = word[:20]
    plain = word.strip("\\").lower()
    near = difflib.get_close_matches(plain, [name for name in known if name[:1] == plain[:1]], n=1)
    if near:
        text = N_("Unknown name “{found}” at character {place}; did you mean {nearest}?")
        return Refused(text, found=word, place=place, nearest=near[0])
    text = N_(
        "Unknown name “{found}” at character {place}; you can use {names}, and functions such as sin, exp and sqrt."
    )
    return Refused(text, found=word, place=place, names=listed(names))


# -- reading: from tokens to a tree


@np.errstate(all="ignore")  # constants are judged by their value
def parse(text: str, names: tuple[str, ...] = ("x", "y")) -> Expression:
    """Return the formula that `text` stands for, in the variables `names` (words of letters).

    Raises `Refused`, with the character (from 1), what stands there and what was expected, for text that the grammar
    does not know, and for what is too long, nested too deep, or holds constants or powers too large.
    """
    if len(text) > LONGEST:
        raise Refused(
            N_("The formula has {count} characters; at most {most} are allowed."), count=len(text), most=LONGEST
        )
    return _Reader(_tokens(text, names), names).formula()


class _Reader:
    """Reads tokens by recursive descent, one method for each line of the grammar; a method returns a node's number."""

    def __init__(self, tokens: list[Token], names: tuple[str, ...]) -> None:
        self.tokens = tokens
        self.names = names
        self.at = 0
        self.depth = 0
        self.open: list[Token] = []  # the brackets around the present token
        self.nodes: dict[Node, int] = {}
        self.constants: dict[int, float] = {}

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def ahead(self, *signs: str) -> bool:
        """Whether one of these signs is next."""
        return self.token.kind == "sign" and self.token.text in signs

    def formula(self) -> Expression:
        if self.token.kind == "end":
            raise Refused(N_("The formula is empty; type one such as x^2/20 + y^2."))
        whole = self.sum()
        if self.token.kind != "end":
            raise self.out_of_place()
        return self.tidy(whole)

    # -- one method for each line of the grammar

    def sum(self) -> int:
        left = self.signed(self.product)
        while self.ahead("+", "-"):
            sign = self.take()
            left = self.node(sign, sign.text, left, self.signed(self.product))
        return left

    def signed(self, read: Callable[[], int]) -> int:
        if not self.ahead("+", "-"):
            return read()
        sign = self.take()
        operand = self.nested(lambda: self.signed(read))
        return self.node(sign, "negative", operand) if sign.text == "-" else operand

    def product(self) -> int:
        left = self.power()
        while True:
            sign = self.token
            if self.ahead("*", "/"):
                self.take()
                left = self.node(sign, sign.text, left, self.signed(self.power))
            elif self.factor_ahead():
                left = self.node(sign, "*", left, self.power())
            else:
                return left

    def power(self) -> int:
        base = self.atom()
        if not self.ahead("^"):
            return base
        sign = self.take()
        exponent = self.nested(lambda: self.signed(self.power))
        if base in self.constants and base == self.nodes.get(Node("e")):
            return self.node(sign, "exp", exponent)
        if base not in self.constants and abs(self.constants.get(exponent, 0)) > STEEPEST:
            text = N_("The exponent at character {place} is {value}; exponents are limited to ±{most}.")
            raise Refused(text, place=sign.place, value=f"{self.constants[exponent]:g}", most=STEEPEST)
        return self.node(sign, "^", base, exponent)

    def atom(self) -> int:
        token = self.token
        if token.kind == "number":
            return self.node(self.take(), NUMBER, number=float(token.text))
        if token.kind == "name":
            self.take()
            variable = token.text in self.names or token.text not in FUNCTIONS
            return self.node(token, token.text) if variable else self.call(token)
        if self.ahead("√"):
            return self.node(self.take(), "sqrt", self.nested(self.power))
        if self.ahead(r"\frac"):
            self.take()
            above = self.nested(self.piece)
            return self.node(token, "/", above, self.nested(self.piece))
        if self.ahead(*OPENING):
            inner = self.bracket(1)[0]
            return self.node(token, "abs", inner) if "|" in token.text else inner
        raise self.missing()

    def call(self, name: Token) -> int:
        """Return a function of what follows: sin(x), sin x, sin^2(x), max(x, y)."""
        power: tuple[Token, int] | None = None
        if self.ahead("^"):
            sign = self.take()
            power = sign, self.nested(lambda: self.signed(self.power))
            if self.constants.get(power[1]) == -1:
                text = N_(
                    "Character {place}: the exponent -1 has two meanings here; write 1/sin(x) or asin(x), for example."
                )
                raise Refused(text, place=sign.place)
        count = len(FUNCTIONS[name.text].slopes)
        if self.ahead("(", "[", "{"):
            arguments = self.bracket(count)
        elif count == 1 and (self.ahead("-") or self.factor_ahead() or self.token.kind == "number"):
            arguments = [self.nested(lambda: self.signed(self.factors))]
        else:
            raise self.missing(name)
        if len(arguments) < count:
            text = N_("Character {place}: {name} needs at least two values, separated by commas, such as {name}(x, y).")
            raise Refused(text, place=name.place, name=name.text)
        result = arguments[0] if count > 1 else self.node(name, name.text, arguments[0])
        for argument in arguments[1:]:
            result = self.node(name, name.text, result, argument)
        return self.node(power[0], "^", result, power[1]) if power else result

    def factors(self) -> int:
        """Return the argument of a function without brackets: numbers, then variables, up to anything else.

        So sin 2πxy is sin(2πxy) and sin 2(x+1) is sin(2(x+1)), but sin x (y+1) and sin x e^y are products.
        """
        left = self.power()
        while self.factor_ahead() and self.token.text not in FUNCTIONS:
            if left not in self.constants and self.token.text not in self.names:
                break
            left = self.node(self.token, "*", left, self.power())
        return left

    def piece(self) -> int:
        r"""Return one part of a fraction: a bracket, or a single digit or letter as in \frac12."""
        token = self.token
        if token.kind == "number" and token.text[:2].isdigit() and len(token.text) > 1:
            first, rest = token.text[0], token.text[1:]
            halves = Token("number", first, first, token.place), Token("number", rest, rest, token.place + 1)
            self.tokens[self.at : self.at + 1] = halves
        return self.atom()

    def bracket(self, most: int) -> list[int]:
        """Return what stands in a bracket: one formula, or for a function of several any number, split by commas."""
        opening = self.take()
        self.open.append(opening)
        inner = [self.nested(self.sum)]
        while most > 1 and self.ahead(","):
            self.take()
            inner.append(self.nested(self.sum))
        if not self.ahead(OPENING[opening.text]):
            raise self.out_of_place()
        self.open.pop()
        self.take()
        return inner

    def factor_ahead(self) -> bool:
        """Whether what is next can be multiplied without a sign: a name, a root, a fraction, an opening bracket."""
        if self.ahead("|") and self.open and self.open[-1].text == "|":
            return False
        return self.token.kind == "name" or self.ahead("√", r"\frac", *OPENING)

    # -- nodes

    def node(self, token: Token, op: str, *operands: int, number: float = 0.0) -> int:
        """Return the number of a node, a new one if there is none like it; `token` is where it stands."""
        node = Node(op, operands, number)
        if node in self.nodes:
            return self.nodes[node]
        i = self.nodes[node] = len(self.nodes)
        if op not in self.names and all(operand in self.constants for operand in operands):
            value = CONSTANTS.get(op, number)
            if operands:
                value = float(OPERATIONS[op].value(*(self.constants[operand] for operand in operands)))
            if not abs(value) <= LARGEST:
                text = N_("The constant at character {place} is too large, or not a real number.")
                raise Refused(text, place=token.place)
            self.constants[i] = value
        return i

    def nested(self, read: Callable[[], int]) -> int:
        """Read something one level deeper."""
        self.depth += 1
        if self.depth > DEEPEST:
            text = N_("At character {place} the formula is nested more than {most} levels deep.")
            raise Refused(text, place=self.token.place, most=DEEPEST)
        result = read()
        self.depth -= 1
        return result

    def tidy(self, whole: int) -> Expression:
        """Return the expression whose last node is `whole`, without nodes it does not need, operands first."""
        nodes = list(self.nodes)
        order: dict[int, int] = {}
        waiting = [whole]
        while waiting:
            node = waiting[-1]
            missing = [operand for operand in nodes[node].operands if operand not in order]
            if missing:
                waiting += reversed(missing)
            else:
                order.setdefault(waiting.pop(), len(order))
        return Expression(
            self.names,
            tuple(nodes[i]._replace(operands=tuple(order[operand] for operand in nodes[i].operands)) for i in order),
            {order[i]: value for i, value in self.constants.items() if i in order},
        )

    # -- refusals

    def missing(self, name: Token | None = None) -> Refused:
        """Return the refusal of what stands where an operand should; with `name`, the argument of that function."""
        token = self.token
        said = {"place": token.place, "found": token.typed, "names": listed(self.names)}
        if token.kind == "end":
            said["place"] = token.place - 1
        if name and token.kind == "end":
            text = N_("The formula ends at character {place}, but {name} needs an argument in brackets.")
        elif name:
            text = N_("Character {place} is “{found}”, but {name} needs an argument in brackets.")
        elif token.kind == "end":
            text = N_(
                "The formula ends at character {place}, but a number, {names}, a function or a bracket was expected."
            )
        else:
            text = N_("Character {place} is “{found}”, but a number, {names}, a function or a bracket was expected.")
        return Refused(text, **said, name=name.text if name else "")

    def out_of_place(self) -> Refused:
        """Return the refusal of what stands after an operand and neither continues the formula nor ends it."""
        token, last = self.token, self.tokens[self.at - 1]
        said: dict[str, Any] = {"place": token.place, "found": token.typed, "last": last.typed}
        if token.kind == "number":
            text = N_("Character {place} is a number right after “{last}”; an operator such as * or ^ was expected.")
        elif token.text == "," and last.kind == self.tokens[self.at + 1].kind == "number":
            text = N_("Character {place} is a comma; write decimals with a point, such as 0.5.")
        elif token.text == ",":
            text = N_("Character {place} is a comma, but an operator, a closing bracket or the end was expected.")
        elif not self.open:
            text = N_("Character {place} is “{found}”, but no bracket is open here.")
        else:
            opening = self.open[-1]
            said |= {"opening": opening.typed, "opened": opening.place, "closing": OPENING[opening.text]}
            if token.kind == "end":
                text = N_("The bracket “{opening}” at character {opened} is never closed; “{closing}” was expected.")
            else:
                text = N_(
                    "Character {place} is “{found}”, but “{closing}” was expected to close the bracket at "
                    "character {opened}."
                )
        return Refused(text, **said)
