"""From what was typed to tokens: numbers, names and signs in the grammar's words, each with its place."""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from spec import N_, Refused, listed
from surfaces.formula.functions import CONSTANTS, FUNCTIONS


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


def tokens_of(text: str, names: tuple[str, ...]) -> list[Token]:
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
