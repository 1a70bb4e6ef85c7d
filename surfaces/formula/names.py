"""The names of a formula's two variables: those that it declares, as in f(w, b) = …, or those that it uses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

from spec import N_, Refused
from surfaces.formula.functions import CONSTANTS

GREEK = {
    name: unicodedata.lookup(f"GREEK SMALL LETTER {'lamda' if name == 'lambda' else name}")
    for name in (
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
        "xi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    )
}  # fmt: skip
GREEK |= {f"var{name}": GREEK[name] for name in ("epsilon", "theta", "rho", "sigma", "phi", "kappa")}

LETTER = re.compile("[a-zA-Zα-ωΑ-Ω][₀-₉]*")  # a variable: one letter, with or without an index
INDEX = re.compile(r"(?:_[0-9]+)+|_\{\s*[0-9]+\s*\}")
BEGINNING = re.compile(r"\s*(?P<f>[^\W\d_]+)\s*(?:(?:\\left)?\s*\((?P<names>[^()=]*)\))?\s*:?=(?!=)")  # f(x, y) =
LOWER = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
DISTINCT = (*CONSTANTS, "π", "f")  # letters that mean something already; f is the height


def indexed(letter: str, index: str) -> str:
    """Return a letter with its index: θ, "1" as θ₁."""
    return letter + index.translate(LOWER)


def declared(spelled: str, places: list[int], known: Collection[str]) -> tuple[tuple[str, ...], int]:
    """Return the two variables of "f(w, b) =", none if it is not there or names none, and where the formula begins.

    Of a single variable the plane is (w, y). Raises `Refused` for what cannot be two variables.
    """
    found = BEGINNING.match(spelled)
    if not found or found["f"].lower() in {*known} - {"e"}:
        return (), 0
    if found["names"] is None:
        return (), (found.end() if len(found["f"]) == 1 else 0)
    typed = [_name(part) for part in found["names"].split(",")]
    for name in typed:
        if not LETTER.fullmatch(name) or name in DISTINCT:
            text = N_("“{name}” at character {place} cannot be a variable: use single letters other than e, f and π, "
                      "such as f(w, b) = or f(θ₁, θ₂) =.")  # fmt: skip
            raise Refused(text, name=name[:20], place=places[found.start("names")])
    if len(typed) > 2 or len({*typed}) < len(typed):
        text = N_("A surface has two different variables, such as f(w, b) =, not {names}.")
        raise Refused(text, names=", ".join(typed)[:40], place=places[found.start("names")])
    if len(typed) == 1:
        typed = ["x", "y"] if typed[0] in ("x", "y") else [*typed, "y"]
    return (typed[0], typed[1]), found.end()


def _name(part: str) -> str:
    """Return what stands between the commas of a declaration, as a variable's name."""
    plain = re.sub(r"\\(?:left|right|[,;:! ])|\s", "", part)
    command = re.match(r"\\([a-zA-Z]+)", plain)
    if command and command[1] in GREEK:
        plain = GREEK[command[1]] + plain[command.end() :]
    if index := re.search(rf"(?<=.)(?:{INDEX.pattern}|[0-9]+)$", plain):
        plain = indexed(plain[: index.start()], re.sub(r"\D", "", index[0]))
    return plain


def chosen(used: Sequence[tuple[str, int]]) -> tuple[str, str]:
    """Return the names of the two axes for variables that are used, each given with its place, in their order.

    x and y keep their axes, and one other letter takes the place of the one that is missing. Of two other letters the
    first is the one that comes first; of one letter with two indices, the lower index. Raises `Refused` for three.
    """
    first = dict(reversed(used))  # the place where each stands first
    names = list(dict.fromkeys(name for name, _place in used))
    own = [name for name in names if name not in ("x", "y")]
    if not own:
        return "x", "y"
    if len(names) > 2:
        text = N_("At character {place} “{name}” is a third variable beside {one} and {other}; a surface has two. "
                  "Use two letters, such as x and y, the constants e and π, and functions.")  # fmt: skip
        raise Refused(text, place=first[names[2]], name=names[2], one=names[0], other=names[1])
    for name in own:
        if name in DISTINCT:
            text = N_("“{name}” at character {place} cannot be a variable, as f is the height; use another letter.")
            raise Refused(text, name=name, place=first[name])
    if len(own) == 2:
        return (own[0], own[1]) if own[0][0] != own[1][0] else _ordered(own)
    (one,) = own
    if len(names) == 2:
        return ("x", one) if "x" in names else (one, "y")
    if one[1:]:  # of θ₁ alone, the other is θ₂
        number = int("".join(str(unicodedata.digit(digit)) for digit in one[1:]))
        other = indexed(one[0], "1" if number == 2 else str(number + 1))
        return _ordered([one, other])
    return one, "y"


def _ordered(names: list[str]) -> tuple[str, str]:
    one, other = sorted(names, key=lambda name: (len(name), name))
    return one, other
