"""From what was typed to tokens: numbers, names and signs in the grammar's words, each with its place."""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from spec import N_, Refused
from surfaces.formula.functions import CONSTANTS, FUNCTIONS
from surfaces.formula.names import GREEK, INDEX, LETTER, chosen, declared, indexed


class Token(NamedTuple):
    """A number, a name, a sign or the end: in the grammar's words, as typed, and the place of its first character."""

    kind: str
    text: str
    typed: str
    place: int


ALIASES = {
    "lg": "log10", "sgn": "sign", "tg": "tan", "ctg": "cot", "π": "pi", "arcsin": "asin", "arccos": "acos",
    "arctan": "atan", "arctan2": "atan2", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
    "heaviside": "step", "if": "where", "clamp": "clip", "pow": "^",
}  # fmt: skip
SAME = {
    "×": "*", "·": "*", "⋅": "*", "∙": "*", "•": "*", "∗": "*", "\u2062": "*", "÷": "/", "∕": "/", "⁄": "/",
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "ˆ": "^", "∣": "|", "│": "|", "ǀ": "|", "∛": " cbrt ", "$": " ",
    "≤": "<=", "≥": ">=", "⩽": "<=", "⩾": ">=", "\u200b": " ", "\u2060": " ", "\u2061": " ", "\ufeff": " ",
}  # fmt: skip
"""Characters that look like one of the grammar, or stand for it; in what is copied from pages, some cannot be seen."""

SIGNS = {
    "**": "^", r"\cdot": "*", r"\times": "*", r"\ast": "*", r"\div": "/", r"\vert": "|", r"\mid": "|", r"\%": "%",
    r"\lvert": r"\left|", r"\rvert": r"\right|", r"\lbrack": "[", r"\rbrack": "]", r"\lbrace": "{", r"\rbrace": "}",
    r"\{": "{", r"\}": "}", r"\tfrac": r"\frac", r"\dfrac": r"\frac", r"\cfrac": r"\frac", r"\frac": r"\frac",
    r"\le": "<=", r"\leq": "<=", r"\ge": ">=", r"\geq": ">=", r"\lt": "<", r"\gt": ">", r"\bmod": "%",
    r"\lfloor": "⌊", r"\rfloor": "⌋", r"\lceil": "⌈", r"\rceil": "⌉",
}  # fmt: skip
LOOKS = {
    *(f"\\{space}" for space in (",", ";", ":", "!", " ", ">", "quad", "qquad", "displaystyle", "textstyle")),
    *(f"\\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")),
    r"\left", r"\right",
}  # fmt: skip
"""LaTeX that says how a formula looks, not what it means."""

OPENING = {"(": ")", "[": "]", "{": "}", "|": "|", r"\left|": r"\right|", "⌊": "⌋", "⌈": "⌉"}

ROOT = re.compile(r"\\sqrt\s*\[")
TOKEN = re.compile(
    r"""(?P<space>\s+)
    | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)
    | (?P<bar>\\(?:left|right))\s*(?:\||\\vert)
    | \\(?:operatorname\*?|mathrm|mathit|text)\s*\{\s*(?P<upright>[^\W\d_]+2?)\s*\}
    | (?P<command>\\(?:[a-zA-Z]+|.))
    | (?P<word>[^\W\d_]+(?:(?<=log)(?:10|2)(?![0-9.])|(?<=log)1p|(?:(?<=atan)|(?<=arctan))2(?=\s*[(\[{]))?)
    | (?P<sign>\*\*|<=|>=|[-+*/%^()\[\]{}|,√<>⌊⌋⌈⌉])""",
    re.VERBOSE,
)


class Piece(NamedTuple):
    """A match of `TOKEN`: its kind and text, the index of its last letter, and where it starts and ends."""

    kind: str
    text: str
    lowered: str
    start: int
    end: int


def tokens_of(text: str, names: tuple[str, ...]) -> tuple[list[Token], tuple[str, ...]]:
    """Return the tokens of a formula, the last of them its end, and the names of its variables.

    These are `names`; where that is empty, those that the formula declares, or uses. Raises `Refused` at what belongs
    to no token, and for what no two variables can be named by.
    """
    spelled, places = _spelled(text)
    own, at = declared(spelled, places, _known(names or ("x", "y")))
    pieces = list(_pieces(text, spelled, places, at, names or own))
    names = names or own or _used(pieces, places)
    known = _known(names)
    tokens: list[Token] = []
    for piece in pieces:
        place = places[piece.start]
        typed = text[place - 1 : max(place, places[min(piece.end, len(places) - 1)] - 1)]
        part = piece.text
        if piece.kind in ("word", "upright"):
            for offset, name in _spelt(piece, known) or [(0, "")]:
                if not name:
                    raise _unknown(part + piece.lowered, typed, place, known, names)
                tokens.append(Token("name", known[name], name, places[piece.start + offset]))
        elif piece.kind == "number":
            if float(part) == 0 and re.search("[1-9]", re.split("[eE]", part)[0]):
                raise Refused(N_("The number {found} at character {place} is too small for a floating-point number."),
                              found=typed, place=place)  # fmt: skip
            tokens.append(Token("number", part, typed, place))
        elif piece.kind == "bar":
            tokens.append(Token("sign", f"{part}|", typed, place))
        elif piece.kind == "sign" or part in SIGNS:
            tokens.append(Token("sign", SIGNS.get(part, part), typed, place))
        elif ROOT.match(spelled, piece.start):
            raise Refused(
                N_("Character {place}: write roots other than the square root as powers, such as (x^2)^(1/3)."),
                place=place,
            )
        elif (name := part[1:] + piece.lowered) in known:
            tokens.append(Token("name", known[name], typed, place))
        elif part not in LOOKS:
            raise _unknown(part, typed, place, known, names)
    tokens.append(Token("end", "", "", len(text.rstrip()) + 1))
    return tokens, names


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
            plain = f"_{unicodedata.normalize('NFKC', typed)}"
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


def _numbered(spelled: str, names: tuple[str, ...]) -> set[str]:
    """Return the variables whose index is a plain digit after the letter: "x1" and "x2", or "θ0" and "θ1".

    They are so if both are declared, or if both stand in the formula, and the letter never stands alone.
    """
    lone = {*re.findall(r"(?<![^\W\d_])[^\W\d_](?![^\W\d_])[0-9]?", spelled)}
    letters = {one[0] for one in lone}
    pairs = [(letter + one, letter + other) for letter in letters for one, other in ("01", "12")]
    known = {*names}
    return {
        one
        for pair in pairs
        if pair[0][0] not in lone and ({*pair} <= lone or {indexed(*pair[0]), indexed(*pair[1])} == known)
        for one in pair
    }


def _pieces(text: str, spelled: str, places: list[int], at: int, names: tuple[str, ...]) -> Iterator[Piece]:
    """Yield the parts of a text from character `at` on, without spaces; a Greek letter's command as its letter."""
    numbered = _numbered(spelled[at:], names)
    while at < len(spelled):
        found, start = TOKEN.match(spelled, at), at
        if found is None:
            raise _stranger(spelled[at], text[places[at] - 1], places[at])
        at = found.end()
        kind = found.lastgroup or ""
        part, index = found[kind], ""
        if kind == "command" and part[1:] in GREEK:
            kind, part = "word", GREEK[part[1:]]
        if kind in ("word", "upright", "command") and (lowered := INDEX.match(spelled, at)):
            index, at = re.sub(r"\D", "", lowered[0]), lowered.end()
        elif kind == "word" and part + spelled[at : at + 1] in numbered:
            index, at = spelled[at], at + 1
        if kind != "space":
            yield Piece(kind, part, index, found.start(kind) if kind == "upright" else start, at)


@functools.lru_cache(maxsize=16)
def _known(names: tuple[str, ...]) -> dict[str, str]:
    """Return every word that means something, and what."""
    return {name: name for name in (*FUNCTIONS, *CONSTANTS)} | ALIASES | {name: name for name in names}


def _used(pieces: Sequence[Piece], places: list[int]) -> tuple[str, ...]:
    """Return the names of the two variables of a formula that declares none, see `names.chosen`."""
    known = _known(("x", "y"))
    used: list[tuple[str, int]] = []
    for i, piece in enumerate(pieces):
        if piece.kind not in ("word", "upright") or (piece.lowered and piece.text in FUNCTIONS):
            continue
        letters, last = piece.text, indexed(piece.text[-1], piece.lowered)
        if piece.lowered and piece.text + piece.lowered not in known:
            letters = letters[:-1]
        else:
            last = ""
        after = pieces[i + 1].text if pieces[i + 1 :] else ""
        split = [name for _offset, name in _split_any(letters, known)]
        loose = len(letters) == 1 or (len(letters) == 2 and after != "(" and letters not in ("or", "in", "is"))
        if not split and loose:
            split = list(letters)
        used += [
            (name, places[piece.start]) for name in (*split, last) if LETTER.fullmatch(name) and name not in ("e", "π")
        ]
    return chosen(used)


def _spelt(piece: Piece, known: Collection[str]) -> list[tuple[int, str]]:
    """Return the names that a word spells, each with its offset: its last letter may have an index."""
    if not piece.lowered:
        return _split_any(piece.text, known)
    if (whole := piece.text + piece.lowered) in known:  # log_{10}
        return [(0, whole)]
    before, last = piece.text[:-1], indexed(piece.text[-1], piece.lowered)
    split = _split_any(before, known)
    return [*split, (len(before), last)] if last in known and (split or not before) else []


def _split_any(word: str, known: Collection[str]) -> list[tuple[int, str]]:
    return _split(word, known) or _split(word.lower(), known)


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
        text = N_(
            "Character {place} is “=”; type only the part to the right of f(x, y) =. Comparisons are <, <=, >, >=."
        )
    elif character == "_":
        text = N_(
            "Character {place} is an index; only a single letter can have one, and it must be a number, as in x₁."
        )
    else:
        text = N_("Character {place} is “{found}”, which is not allowed in a formula. Operators are {operators}.")
    visible = typed.isprintable() and not unicodedata.combining(typed)
    found = typed if visible else f"U+{ord(typed):04X}"
    return Refused(text, place=place, found=found, operators="+ - * / ^ % < <= > >=")


def _unknown(word: str, typed: str, place: int, known: Collection[str], names: Sequence[str]) -> Refused:
    """Return the refusal of a name, with the nearest known one that begins alike, and with all that there are."""
    plain = word.strip("\\").lower()
    near = difflib.get_close_matches(plain, [name for name in known if name[:1] == plain[:1]], n=1)
    there = {"found": typed.strip()[:20], "place": place, "names": ", ".join((*names, *CONSTANTS)),
             "functions": ", ".join((*FUNCTIONS, "pow"))}  # fmt: skip
    if near:
        text = N_("Unknown name “{found}” at character {place}; did you mean {nearest}? "
                  "You can use {names} and the functions {functions}.")  # fmt: skip
        return Refused(text, **there, nearest=near[0])
    text = N_("Unknown name “{found}” at character {place}; you can use {names} and the functions {functions}.")
    return Refused(text, **there)
