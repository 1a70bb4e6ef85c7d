"""A pool runs many experiments on few processes: fairly, each one only once, and only while it has viewers.

One lock guards all state below. One thread per worker takes the next run, lets its worker compute one chunk, stores the
answer and takes the next run; no thread waits while it holds the lock. One more thread looks for workers that hang.
"""

from __future__ import annotations

import itertools
import logging
import math
import os
import pickle
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np

from runs.chain import Answer, Chain, Failure, Report, failure
from runs.worker import BEAT, Died, Worker
from spec import N_, N_n, Refused, digest
from spec.limits import allowed

__all__ = ["Pool", "Run", "State", "Tab", "View", "worker_count"]

State = Literal["queued", "running", "done", "failed", "cancelled"]
LIVE = ("queued", "running")
MOST_WORKERS = 64
MOST_DEATHS = 3

log = logging.getLogger(__name__)


def worker_count() -> int:
    """Return the number of workers: this server's setting, otherwise one per core that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return allowed().workers or min(cores, MOST_WORKERS)


class Tab(NamedTuple):
    """A viewer of a run: one tab of a visitor, who may have several. A viewer of another type is itself a visitor."""

    visitor: Hashable
    tab: Hashable


class Lease(NamedTuple):
    """A visitor's registration as a viewer of a run, valid until `end`."""

    visitor: Hashable
    end: float


class View(NamedTuple):
    """A snapshot of a run: all fields are from the same moment. See `Run` for their meaning."""

    state: State
    place: int | None
    progress: tuple[int, int]
    result: Mapping[str, np.ndarray]
    version: int
    seconds_left: float | None
    failure: Refused | None
    retry: bool = False


class Run:
    """One experiment: its state, and its result so far. Only its pool writes it; anyone may read it.

    * `state`: "queued", "running", "done", "failed" or "cancelled" (no viewers were left; `start` resumes it).
    * `progress`: units done and in total; (0, 0) until the first chunk has reported.
    * `result`: read-only arrays by name, as far as they are known. It is replaced by a new mapping, never changed.
    * `version`: increases with every change of the above.
    * `failure`: why it failed, as a sentence that can be translated.
    * `retry`: whether another try may succeed: true for every failure except a refusal by the experiment itself.

    Fields that are read one after the other may be from different moments (`result` before the last chunk, `state`
    after it): `look` returns all of them from one moment.
    """

    def __init__(self, pool: Pool, key: str, chain: Chain) -> None:
        self.key = key
        self.chain = chain
        self.state: State = "cancelled"
        self.progress: tuple[int, int] = (0, 0)
        self.result: Mapping[str, np.ndarray] = MappingProxyType({})
        self.version = 0
        self.failure: Refused | None = None
        self.retry = False
        # Used only by the pool.
        self._pool = pool
        self._chain = pickle.dumps(chain, pickle.HIGHEST_PROTOCOL)
        self._state: bytes | None = None  # after the last chunk, pickled
        self._leases: dict[Hashable, Lease] = {}  # by viewer
        self._turn = 0  # when it had its last turn, in ticks of the pool
        self._pace: float | None = None  # seconds of work per unit
        self._deaths = 0  # of workers during the current chunk

    @property
    def place(self) -> int | None:
        """The position in the queue, 1 being next; None if it is not queued, or waits for newer runs of its visitor."""
        return self.view().place

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the pace so far and the number of runs that share the workers; None until known."""
        return self.view().seconds_left

    def view(self) -> View:
        """Return a snapshot of the run."""
        return self._pool._view(self)

    def look(self, who: Hashable = "") -> View:
        """Return a snapshot of the run, and renew the lease of `who`, which keeps the run going."""
        return self._pool._look(self, who)

    def leave(self, who: Hashable = "") -> None:
        """End the lease of `who` at once; without viewers the run computes no further chunk."""
        self._pool._leave(self, who)

    def wait(self, timeout: float | None = None, since: int | None = None, who: Hashable = "") -> View:
        """Wait until the run ends, its version exceeds `since` or `timeout` seconds have passed, then `look` for `who`.

        The run keeps going meanwhile, and for one lease after that.
        """
        return self._pool._wait(self, timeout, since, who)


class Pool:
    """Workers, the runs that share them, and the results of these runs.

    The workers start at once, in the background. `active` runs (three per worker by default) take turns, one chunk
    each, of about `chunk_seconds`; the others wait in a queue. Both are fair to visitors, however many runs each has:
    see `_in_order` and `_next`. No more than `each` runs of one visitor take turns at a time, and beyond `most`
    unfinished runs the last in order is refused. A run without viewers for `lease` seconds stops. The last `keep` runs
    that have ended are kept, as long as they hold no more than `keep_bytes` in total.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        active: int | None = None,
        each: int | None = None,
        most: int = 256,
        lease: float = 6.0,
        chunk_seconds: float = 0.2,
        keep: int = 128,
        keep_bytes: int = 128_000_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        count = worker_count() if workers is None else workers
        self._active = 3 * count if active is None else active
        self._each = allowed().runs if each is None else each
        self._most = most
        self._lease, self._chunk_seconds, self._clock = lease, chunk_seconds, clock
        self._keep, self._keep_bytes = keep, keep_bytes
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)  # there is something for a worker to do
        self._changed = threading.Condition(self._lock)  # a run has changed
        self._runs: OrderedDict[str, Run] = OrderedDict()  # by key; the least recently started first
        self._live: list[Run] = []  # queued or running; the one started longest ago first
        self._flying: set[Run] = set()  # being computed by a worker
        self._ticks = itertools.count(1)
        self._warm: frozenset[str] = frozenset()
        self._closed = False
        self._ending = threading.Event()
        self._workers = [Worker(self._lost) for _ in range(count)]
        self._threads = [threading.Thread(target=self._serve, args=(w,), daemon=True) for w in self._workers]
        self._threads.append(threading.Thread(target=self._watch, daemon=True))
        for thread in self._threads:
            thread.start()

    def start(self, chain: Chain, who: Hashable = "", *, again: bool = False) -> Run:
        """Return the run of `chain`, either the existing one, whoever started it, or a new one; `who` becomes a viewer.

        A cancelled run resumes where it stopped. A failed run is retried when it has no viewers left, or with `again`;
        not on every call, because a page calls this each time it is drawn, and would repeat the failure forever.
        """
        key = digest(chain)
        fresh = Run(self, key, chain)
        with self._lock:
            if self._closed:
                raise RuntimeError("the pool is closed")
            run = self._runs.setdefault(key, fresh)
            if run.state == "failed" and (again or not self._watched(run)):
                run = self._runs[key] = fresh
            self._runs.move_to_end(key)
            if run.state == "cancelled":
                self._set(run, "queued")
                self._live.append(run)
            self._renew(run, who)
            self._arrange()
            self._work.notify()
            return run

    def warm_up(self, paths: Iterable[str]) -> None:
        """Make every worker do in advance, now and after each restart, what is slow the first time.

        A path "package.module" is imported, a path "package.module:function" is called. Returns at once.
        """
        with self._lock:
            self._warm |= frozenset(paths)
            self._work.notify_all()

    def ready(self) -> bool:
        """Return whether at least one worker has started and is warmed up."""
        with self._lock:
            return not self._closed and any(worker.ready == self._warm for worker in self._workers)

    def drop(self, chain: Chain, who: Hashable = "") -> None:
        """End the lease of `who` on the run of `chain`; without other viewers it stops, and is deleted."""
        with self._lock:
            run = self._runs.get(digest(chain))
            if run is None:
                return
            run._leases.pop(who, None)
            if not self._watched(run):
                self._arrange()
                del self._runs[run.key]

    def forget(self, names: Collection[str]) -> None:
        """Stop and delete the runs whose Spec mentions one of these names; their results are freed."""
        with self._lock:
            runs = list(self._runs.values())
        mentioned = [run for run in runs if any(name in repr(run.chain) for name in names)]
        with self._lock:
            for run in mentioned:
                if run.state in LIVE:
                    self._rest(run, "cancelled")
                if self._runs.get(run.key) is run:
                    del self._runs[run.key]
            self._arrange()

    def audience(self) -> int:
        """Return the number of viewers of queued or running runs; a viewer of two runs counts twice."""
        now = self._clock()
        with self._lock:
            return sum(lease.end > now for run in self._live for lease in run._leases.values())

    def close(self) -> None:
        """End all workers and runs, and wait until they have ended."""
        with self._lock:
            self._closed = True
            self._ending.set()
            for run in [*self._live]:
                self._rest(run, "cancelled")
            self._work.notify_all()
        for worker in self._workers:
            worker.close()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Called by `Run`.

    def _view(self, run: Run) -> View:
        with self._lock:
            return self._seen(run)

    def _look(self, run: Run, who: Hashable) -> View:
        with self._lock:
            self._renew(run, who)
            return self._seen(run)

    def _leave(self, run: Run, who: Hashable) -> None:
        with self._lock:
            run._leases.pop(who, None)
            self._arrange()

    def _wait(self, run: Run, timeout: float | None, since: int | None, who: Hashable) -> View:
        def over() -> bool:
            return run.state not in LIVE or (since is not None and run.version > since)

        waiting = object()  # has its own lease, because others may wait as `who` too
        with self._lock:
            if run.state in LIVE:
                run._leases[waiting] = Lease(_visitor(who), math.inf)
            try:
                self._changed.wait_for(over, timeout)
            finally:
                run._leases.pop(waiting, None)
                self._renew(run, who)
            return self._seen(run)

    # What the threads do. `_take` and `_land` are the whole dispatcher.

    def _watch(self) -> None:
        while not self._ending.wait(BEAT):
            for worker in self._workers:
                worker.check()

    def _lost(self) -> None:
        """A process has ended: if its worker was idle, it is replaced before it is given a run."""
        with self._lock:
            self._work.notify_all()

    def _serve(self, worker: Worker) -> None:
        with worker:
            while True:
                run = self._take(worker)
                if self._closed:
                    return
                try:
                    worker.prepare(self._warm)
                    outcome = None if run is None else self._chunk(worker, run)
                except Died as death:
                    if not self._closed:
                        log.warning("a worker died: %s", death)
                    outcome = death
                if run is not None and outcome is not None:
                    self._land(run, outcome)

    def _take(self, worker: Worker) -> Run | None:
        """Wait for the next run and return it; None if the worker has to be prepared first, or the pool is closed."""
        with self._lock:
            while not self._closed and worker.ready == self._warm and not worker.gone:
                self._arrange()
                if run := self._next():
                    run._turn = next(self._ticks)
                    self._flying.add(run)
                    return run
                self._work.wait()
            self._work.notify()  # for another worker, if this one was woken for a run
            return None

    def _chunk(self, worker: Worker, run: Run) -> tuple[Answer, Mapping[str, np.ndarray]] | Failure:
        """Let the worker compute the run's next chunk; return its answer and the new result (written here only)."""
        # The first chunk is one unit, so that there is something to see soon.
        answer = worker.advance(run._chain, run._state, self._chunk_seconds if run._state else 0.0)
        if isinstance(answer, Failure):
            log.log(logging.ERROR if answer.trace else logging.INFO, "run %s: %s\n%s", run.key, *answer)
            return answer
        try:
            done, total, *_ = answer.report
            if done < total and done <= run.progress[0] and run._state is not None:
                raise RuntimeError(f"advance did not move on from {done} of {total}")
            return answer, _joined(run.result, answer.report)
        except Exception as error:
            log.exception("run %s reported what cannot be joined", run.key)
            return failure(error)

    def _land(self, run: Run, outcome: tuple[Answer, Mapping[str, np.ndarray]] | Failure | Died) -> None:
        """Store the outcome of the run's chunk, and end the run if it is complete or has failed."""
        with self._lock:
            self._flying.discard(run)
            match outcome:
                case Died():
                    run._deaths += 1
                    if run._deaths >= MOST_DEATHS and not self._closed:
                        self._fail(run, _died_too_often(run), retry=True)
                    else:
                        run._turn = 0  # the turn was lost, so it gets the next one
                case Failure(reason, trace):
                    self._fail(run, reason, retry=bool(trace))
                case answer, result:
                    self._write(run, answer, result)
                    if run.progress[0] >= run.progress[1]:
                        run._state = None
                        self._rest(run, "done")
            self._arrange()
            self._work.notify()
            self._changed.notify_all()

    # The methods below are called with the lock held.

    def _seen(self, run: Run) -> View:
        if run.state == "queued":
            self._arrange()  # so that no run waits behind runs without viewers
        return View(
            run.state, self._place(run), run.progress, run.result, run.version, self._seconds_left(run), run.failure,
            run.retry,
        )  # fmt: skip

    def _place(self, run: Run) -> int | None:
        if run.state != "queued":
            return None
        waiting = [other for other, newer in self._in_order() if other.state == "queued" and newer < self._each]
        return waiting.index(run) + 1 if run in waiting else None

    def _seconds_left(self, run: Run) -> float | None:
        if run.state != "running" or run._pace is None:
            return None
        active = sum(other.state == "running" for other in self._live)
        return (run.progress[1] - run.progress[0]) * run._pace * max(1.0, active / len(self._workers))

    def _renew(self, run: Run, who: Hashable) -> None:
        if run.state in LIVE or run.state == "failed":
            run._leases[who] = Lease(_visitor(who), self._clock() + self._lease)

    def _watched(self, run: Run) -> bool:
        """Return whether a run has viewers, after removing the leases that have expired."""
        now = self._clock()
        run._leases = {who: lease for who, lease in run._leases.items() if lease.end > now}
        return bool(run._leases)

    def _arrange(self) -> None:
        """Stop the runs without viewers, refuse those in excess, and decide which of the others are active."""
        for run in [run for run in self._live if not self._watched(run)]:
            self._rest(run, "cancelled")
        for run, _newer in self._in_order()[self._most :]:
            text = N_("Too many computations are waiting on this server; try again in a minute.")
            self._fail(run, Refused(text), retry=True)
        admitted = [run for run, newer in self._in_order() if newer < self._each][: self._active]
        for run in self._live:
            state: State = "running" if run in admitted else "queued"
            if run.state != state:
                self._set(run, state)
                self._work.notify()

    def _in_order(self) -> list[tuple[Run, int]]:
        """Return the live runs in the order in which they become active, each with how many newer ones its visitor has.

        Every visitor's newest run comes before any visitor's second newest; within these it is first come, first
        served. A run with several visitors takes the smallest of their numbers.
        """
        newer: Counter[Hashable] = Counter()
        count: dict[Run, int] = {}
        for run in reversed(self._live):
            visitors = _visitors(run)
            count[run] = min(newer[visitor] for visitor in visitors)
            newer.update(visitors)
        return [(run, count[run]) for run in sorted(self._live, key=count.__getitem__)]

    def _next(self) -> Run | None:
        """Return the run whose turn it is: the visitor whose last turn was longest ago comes first.

        It is an active run, or a waiting one that has nothing to show yet: its first chunk is short, so whoever started
        it sees something soon, even if a whole class has changed a setting at the same time.

        A turn of a run counts as a turn of each of its visitors. So it makes no difference to others how many runs a
        visitor has; and a run with many visitors is one run, which is not delayed by the other runs of one of them.
        """
        last: Counter[Hashable] = Counter()
        for run in self._live:
            for visitor in _visitors(run):
                last[visitor] = max(last[visitor], run._turn)
        ready = [
            run for run, newer in self._in_order()
            if run not in self._flying and (run.state == "running" or (newer == 0 and not run.result))
        ]  # fmt: skip
        return min(ready, key=lambda run: (min(last[who] for who in _visitors(run)), run._turn), default=None)

    def _write(self, run: Run, answer: Answer, result: Mapping[str, np.ndarray]) -> None:
        done, total, *_ = answer.report
        if run._state is not None:  # the first chunk includes lazy initialization: its pace does not predict the next
            pace = answer.seconds / max(1, done - run.progress[0])
            run._pace = pace if run._pace is None else 0.7 * run._pace + 0.3 * pace
        run.progress = (done, total)
        run.result, run._state = result, answer.state
        run._deaths = 0
        run.version += 1

    def _fail(self, run: Run, reason: Refused, *, retry: bool) -> None:
        run.failure, run.retry, run._state = reason, retry, None
        self._rest(run, "failed")

    def _rest(self, run: Run, state: State) -> None:
        """End the turns of a run. A chunk that a worker is computing goes on, and its outcome is still stored."""
        if run in self._live:
            self._live.remove(run)
        if state != "failed":
            run._leases.clear()
        self._set(run, state)
        self._forget()

    def _set(self, run: Run, state: State) -> None:
        run.state = state
        run.version += 1
        self._changed.notify_all()

    def _forget(self) -> None:
        """Delete the ended runs that were started longest ago, beyond what is kept; the newest one stays."""
        resting = [r for r in self._runs.values() if r.state not in LIVE and r not in self._flying]
        count, size = len(resting), sum(map(_size, resting))
        for run in resting[:-1]:
            if count <= self._keep and size <= self._keep_bytes:
                return
            del self._runs[run.key]
            count, size = count - 1, size - _size(run)


def _joined(result: Mapping[str, np.ndarray], report: Report) -> Mapping[str, np.ndarray]:
    """Return the result so far with what the report adds, read-only."""
    joined = dict(result)
    for name, columns in report.grown.items():
        new = np.asarray(columns)
        joined[name] = np.concatenate([joined[name], new], axis=-1) if name in joined else new
    joined |= {name: np.asarray(value) for name, value in report.latest.items()}
    for array in joined.values():
        array.flags.writeable = False
    return MappingProxyType(joined)


def _visitor(who: Hashable) -> Hashable:
    return who.visitor if isinstance(who, Tab) else who


def _visitors(run: Run) -> set[Hashable]:
    return {lease.visitor for lease in run._leases.values()}


def _size(run: Run) -> int:
    return len(run._chain) + len(run._state or b"") + sum(array.nbytes for array in run.result.values())


def _died_too_often(run: Run) -> Refused:
    done, total = run.progress
    text = N_n("The worker process died {times} time after step {done} of {total}, perhaps out of memory.",
               "The worker process died {times} times after step {done} of {total}, perhaps out of memory.",
               run._deaths)  # fmt: skip
    return Refused(text, times=run._deaths, done=done, total=total or "?")
