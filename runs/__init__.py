"""Where an experiment executes: on worker processes, chunk by chunk, each experiment once for all who look at it.

    run = runs.start(Chain("package.module:begin", "package.module:advance", spec), who=session)
    view = run.look(session)     # again and again, while the page shows it
    run.leave(session)           # Stop, another setting, another page

The workers belong to the process, not to a page or a session: they are kept here, once, from the first call on. (This
holds as long as the module is imported once; a server that reloads edited modules would begin with new workers.)
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Collection, Hashable, Iterable

from runs.chain import Chain, Report
from runs.pool import Pool, Run, Tab, View

__all__ = ["Chain", "Pool", "Report", "Run", "Tab", "View", "audience", "forget", "start", "warm_up"]

_pool: Pool | None = None
_lock = threading.Lock()


def start(chain: Chain, who: Hashable = "") -> Run:
    """Return the run of `chain`, started if need be, with `who` looking at it; see `Pool.start`."""
    return _the_pool().start(chain, who)


def warm_up(paths: Iterable[str] = ()) -> None:
    """Start the workers and have each import or call what `paths` name, in the background; see `Pool.warm_up`."""
    _the_pool().warm_up(paths)


def audience() -> int:
    """Return how many look at runs that are not over; see `Pool.audience`."""
    return _the_pool().audience()


def forget(names: Collection[str]) -> None:
    """End and forget the runs whose Spec mentions one of these names; see `Pool.forget`."""
    _the_pool().forget(names)


def _the_pool() -> Pool:
    global _pool
    with _lock:
        if _pool is None:
            _pool = Pool()
            atexit.register(_pool.close)
        return _pool
