"""The exception for invalid input: one sentence, which can be translated."""

from __future__ import annotations

from typing import Any

__all__ = ["N_", "Refused"]


def N_(text: str) -> str:
    """Return `text` unchanged, and mark it for the translators (gettext's no-op marker).

    The layers below the interface use English; the interface translates when it displays.
    """
    return text


class Refused(ValueError):
    """An input is invalid; the reason is one sentence that can be translated.

    `text` is a format string marked with `N_`, and `values` fill it in. `str()` gives the English sentence; the
    interface translates `text` first and then fills in the values.
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
