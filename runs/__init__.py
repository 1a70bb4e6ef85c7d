"""Run experiments on worker processes, chunk by chunk, and each experiment only once for all its viewers.

    run = runs.start(Chain("package.module:begin", "package.module:advance", spec), who=session)
    view = run.look(session)     # repeatedly, while the page shows it
    run.leave(session)           # on Stop, another setting or another page

The workers belong to the process, not to a page or a session: there is one pool, which is kept here from the first call
on. (This requires that the module is imported only once; a server that reloads edited modules would start new workers.)
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Collection, Hashable, Iterable

from runs.chain import Chain, Report
from runs.pool import Pool, Run, Tab, View

__all__ = ["Chain", "Pool", "Report", "Run", "Tab", "View", "audience", "drop", "forget", "ready", "start", "warm_up"]

_pool: Pool | None = None
_lock = threading.Lock()


def start(chain: Chain, who: Hashable = "", *, again: bool = False) -> Run:
    """Return the run of `chain`, started if necessary, with `who` as a viewer; see `Pool.start`."""
    return _the_pool().start(chain, who, again=again)


def warm_up(paths: Iterable[str] = ()) -> None:
    """Start the workers and make each import or call what `paths` name, in the background; see `Pool.warm_up`."""
    _the_pool().warm_up(paths)


def audience() -> int:
    """Return the number of viewers of unfinished runs; see `Pool.audience`."""
    return _the_pool().audience()


def ready() -> bool:
    """Return whether a worker has started and is warmed up; starts none."""
    return _pool is not None and _pool.ready()


def drop(chain: Chain, who: Hashable = "") -> None:
    """Remove `who` from the viewers of a run, and do not keep its result; see `Pool.drop`."""
    _the_pool().drop(chain, who)


def forget(names: Collection[str]) -> None:
    """Stop and delete the runs whose Spec mentions one of these names; see `Pool.forget`."""
    _the_pool().forget(names)


def _the_pool() -> Pool:
    global _pool
    with _lock:
        if _pool is None:
            _pool = Pool()
            atexit.register(_pool.close)
        return _pool
