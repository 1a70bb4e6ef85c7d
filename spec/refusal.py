"""The exception for invalid input: one sentence, which can be translated."""

from __future__ import annotations

from typing import Any

__all__ = ["N_", "Counted", "N_n", "Refused"]


def N_(text: str) -> str:
    """Return `text` unchanged, and mark it for the translators (gettext's no-op marker).

    The layers below the interface use English; the interface translates when it displays.
    """
    return text


class Counted(str):
    """A message with a count in it: the English form for `count`, which also carries what ngettext needs."""

    one: str
    many: str
    number: int

    def __new__(cls, one: str, many: str, count: int) -> Counted:
        self = super().__new__(cls, one if count == 1 else many)
        self.one, self.many, self.number = one, many, count
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Counted, (self.one, self.many, self.number)


def N_n(one: str, many: str, count: int) -> str:
    """Return a message that depends on a count, and mark both of its forms for the translators (as in ngettext)."""
    return Counted(one, many, int(count))


class Refused(ValueError):
    """An input is invalid; the reason is one sentence that can be translated.

    `text` is a format string marked with `N_` or `N_n`, and `values` fill it in. `str()` gives the English sentence;
    the interface translates `text` first and then fills in the values.
    """

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text, values)
        self.text = text
        self.values = values

    def __str__(self) -> str:
        return self.text.format(**self.values)

    def __reduce__(self) -> tuple[Any, ...]:
        # Worker processes pickle it; BaseException would call Refused(text, values) and fail.
        return _refused, (self.text, self.values)


def _refused(text: str, values: dict[str, object]) -> Refused:
    return Refused(text, **values)
