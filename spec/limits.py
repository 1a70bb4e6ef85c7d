"""The limits and the presentation of this server, read once from environment variables such as DESCENT_LAB_EPOCHS.

A limit can be tightened for a class, but not loosened beyond what the program is designed for; only the time of a
training run has no such bound. And no limit can be so tight that the program's own presets and lessons would be
refused.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

from spec.refusal import N_, Refused

__all__ = ["SOURCE", "Limit", "Limits", "allowed", "languages", "read", "table", "told", "variable"]

PREFIX = "DESCENT_LAB_"
SOURCE = "en"
LONGEST_TITLE = 60


class Limit(NamedTuple):
    """A limit: one line for those who set it, its bounds if it is a number, and the sentence that visitors see."""

    sentence: str
    low: int = 0
    high: int = 0
    told: str = ""


def limit(default: Any, sentence: str, low: int = 0, high: int = 0, told: str = "") -> Any:
    """Return a dataclass field that carries a `Limit`."""
    metadata: Mapping[str, Limit] = {"limit": Limit(sentence, low, high, told)}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Limits:
    """The limits and the presentation of one server; the defaults suit a personal computer."""

    workers: int = limit(0, "processes that train; 0: one for each core that the server may use", 0, 64)
    runs: int = limit(16, "computations of one visitor that take turns at a time; more of them wait", 1, 64)
    epochs: int = limit(
        20_000, "epochs of a training", 1000, 20_000, N_("At most {limit} epochs on this server.")
    )  # fmt: skip
    seconds: int = limit(
        600, "seconds that a training may take, estimated for one core", 30, 86_400,
        N_("A training run may take about {limit} seconds on this server."),
    )  # fmt: skip
    weights: int = limit(
        6_000_000, "weights and biases of all networks that train side by side", 4_000_000, 6_000_000,
        N_("All networks together may have {limit} weights and biases on this server."),
    )  # fmt: skip
    steps: int = limit(2000, "steps of a race", 1000, 2000, N_("At most {limit} steps on this server."))
    map_steps: int = limit(
        40, "million steps of all the races of a map; 40 take about a second of one core", 8, 40,
        N_("A map may take {limit} million steps in total on this server."),
    )  # fmt: skip
    upload: int = limit(5, "megabytes of a visitor's own table; a visitor may hold three", 1, 5)
    rows: int = limit(50_000, "rows of a visitor's own table", 1000, 50_000)
    title: str = limit("Descent Lab", "the name in the browser's tab and on the first page")
    languages: tuple[str, ...] = limit(
        (), "languages offered, such as ko,en; the first is for browsers that ask for none of them. Empty: all"
    )

    def tightened(self, name: str) -> bool:
        """Return whether this server allows less than the default."""
        return getattr(self, name) < getattr(Limits, name)


@functools.cache
def allowed() -> Limits:
    """Return the limits of this server. An invalid value ends the program with a message and exit code 1."""
    try:
        return read(os.environ)
    except Refused as refusal:
        if threading.current_thread() is threading.main_thread():
            sys.exit(str(refusal))
        sys.stderr.write(f"{refusal}\n")  # a page runs in a thread, and sys.exit would end only that
        sys.stderr.flush()
        os._exit(1)


def read(environment: Mapping[str, str]) -> Limits:
    """Return the limits that an environment sets; an empty variable counts as not set.

    Raises `Refused` if a value is not valid for its limit.
    """
    set_ = {one.name: environment.get(variable(one.name), "").strip() for one in fields(Limits)}
    return Limits(**{name: _value(name, text) for name, text in set_.items() if text})


def variable(name: str) -> str:
    """Return the name of the environment variable of a limit."""
    return PREFIX + name.upper()


def _value(name: str, text: str) -> Any:
    fact: Limit = _facts()[name]
    if name == "title":
        if len(text) > LONGEST_TITLE or not text.isprintable():
            raise Refused(N_("{name} must be a line of at most {most} characters."),
                          name=variable(name), most=LONGEST_TITLE)  # fmt: skip
        return text
    if name == "languages":
        codes = tuple(dict.fromkeys(code for code in re.split(r"[,\s]+", text) if code))
        if not codes or set(codes) - set(languages()):
            raise Refused(N_("{name} must list languages from {choices}, separated by commas, not {value}."),
                          name=variable(name), choices=", ".join(languages()), value=text)  # fmt: skip
        return codes
    if not (text.isascii() and text.isdigit() and len(text) < 10 and fact.low <= int(text) <= fact.high):
        raise Refused(N_("{name} must be a whole number from {low} to {high}, not {value}."),
                      name=variable(name), low=fact.low, high=fact.high, value=text)  # fmt: skip
    return int(text)


def _facts() -> dict[str, Limit]:
    return {one.name: one.metadata["limit"] for one in fields(Limits)}


@functools.cache
def languages() -> tuple[str, ...]:
    """Return the codes of all languages: the source language, and those with a catalogue in locale/."""
    catalogues = (Path(__file__).parents[1] / "locale").glob("*/LC_MESSAGES/messages.po")
    return (SOURCE, *sorted(path.parents[1].name for path in catalogues))


def told(name: str) -> str:
    """Return the sentence about a limit that visitors see, with {limit} in it."""
    return _facts()[name].told


def table() -> str:
    """Return all limits as a Markdown table, as it is in docs/hosting.md."""
    lines = ["| variable | default | from, to | what it sets |", "|---|---|---|---|"]
    for name, fact in _facts().items():
        default = getattr(Limits, name)
        usual = f"{default:,}" if isinstance(default, int) else default or "all"
        bounds = f"{fact.low:,} to {fact.high:,}" if fact.high else ""
        lines.append(f"| `{variable(name)}` | {usual} | {bounds} | {fact.sentence} |")
    return "\n".join(lines)
