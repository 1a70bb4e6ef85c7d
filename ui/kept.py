"""A cache for results that several visitors may ask for; its bytes are limited in total and per visitor."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from typing import Any, NamedTuple

import numpy as np

MOST = 128 * 2**20  # bytes of all results
SHARE = 32 * 2**20  # bytes of the results that one visitor was the first to ask for


def size(value: Any) -> int:
    """Return about how many bytes a result takes; for a view, its whole base array counts, and only once."""
    arrays: dict[int, int] = {}

    def rest(value: Any) -> int:
        if isinstance(value, np.ndarray):
            while isinstance(value.base, np.ndarray):
                value = value.base
            arrays[id(value)] = value.nbytes
            return 128
        if isinstance(value, Mapping):
            return 64 + sum(rest(name) + rest(part) for name, part in value.items())
        if isinstance(value, (tuple, list, set, frozenset)):
            return 64 + sum(map(rest, value))
        return sys.getsizeof(value)

    return rest(value) + sum(arrays.values())


class Entry(NamedTuple):
    """A result, finished or being computed; the visitor who asked for it first; and its bytes."""

    found: Future[Any]
    who: Hashable
    bytes: int


class Kept:
    """Results by name. The least recently used one is removed first: of a visitor above `share`, or of all visitors.

    A result is not computed twice at the same time: others wait for it. A single result above `share` is not kept.
    """

    def __init__(self, most: int = MOST, share: int = SHARE) -> None:
        self.most, self.share = most, share
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: Hashable, make: Callable[[], Any], who: Hashable = "") -> Any:
        """Return the result of this name, computed if it is missing; `who` is the visitor who asks for it."""
        while True:
            mine: Future[Any] = Future()
            with self._lock:
                entry = self._entries.setdefault(name, Entry(mine, who, 0))
                self._entries.move_to_end(name)
            if entry.found is mine:
                return self._made(name, entry, make)
            try:
                return entry.found.result()
            except _NotMade:  # the computation was stopped or failed; each caller tries for itself
                continue

    def _made(self, name: Hashable, entry: Entry, make: Callable[[], Any]) -> Any:
        try:
            result = make()
        except BaseException:
            with self._lock:
                del self._entries[name]
            entry.found.set_exception(_NotMade())
            raise
        entry.found.set_result(result)
        with self._lock:
            self._entries[name] = entry._replace(bytes=size(result))
            self._bound([name for name, one in self._entries.items() if one.who == entry.who], self.share)
            self._bound(list(self._entries), self.most)
        return result

    def _bound(self, names: list[Hashable], most: int) -> None:
        """Remove the oldest of these results until the others fit; one that is being computed counts as 0 bytes."""
        total = sum(self._entries[name].bytes for name in names)
        for name in names:
            if total <= most:
                return
            if bytes := self._entries[name].bytes:
                del self._entries[name]
                total -= bytes

    def bytes(self, who: Hashable = None) -> int:
        """Return how many bytes are kept, for all visitors or for one."""
        with self._lock:
            return sum(entry.bytes for entry in self._entries.values() if who in (None, entry.who))


class _NotMade(Exception):
    """The result that others waited for was not computed."""
