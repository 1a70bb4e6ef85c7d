"""A worker: a process that computes chunks for the process that started it, and ends with it.

It reads requests from its standard input and writes answers to its standard output, each one pickle. Whatever a chunk
prints goes to standard error instead. When its standard input ends, its owner has ended, and it exits at once, even in
the middle of a chunk: the operating system closes the pipe however the owner ended.

Why not `concurrent.futures.ProcessPoolExecutor`: started from `streamlit run app.py`, each of its processes would run
app.py again (and import Streamlit) before its first task, and one killed process ends all the others with it.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from typing import IO, Any, NamedTuple

from runs.chain import Answer, Failure, answer

__all__ = ["Died", "Worker", "serve"]

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


class Died(Exception):
    """The worker's process ended before it answered."""


class Warm(NamedTuple):
    """A request to import modules and call functions before they are needed; the answer is None."""

    paths: tuple[str, ...]


class Advance(NamedTuple):
    """A request for one chunk; the arguments of `runs.chain.answer`."""

    chain: bytes
    state: bytes | None
    seconds: float


class Worker:
    """One worker process, as seen by its owner; started when first needed, and restarted after it died.

    Only one thread may use it; `close` may be called from another.
    """

    def __init__(self) -> None:
        self.ready: frozenset[str] | None = None  # what it was last prepared with; None once it has died
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._lock = threading.Lock()  # so that no process starts while closing

    def prepare(self, warm: frozenset[str]) -> None:
        """Start the process if it is not alive, and wait until it has done what `warm` names. Raises `Died`."""
        before, self.ready = self.ready or frozenset(), warm
        if self._process is None or self._process.poll() is not None:
            before = frozenset()
            self._discard()
            self._start()
        if new := warm - before:
            self._ask(Warm(tuple(sorted(new))))

    def advance(self, chain: bytes, state: bytes | None, seconds: float) -> Answer | Failure:
        """Have the prepared process compute one chunk, and wait for it. Raises `Died`."""
        try:
            return self._ask(Advance(chain, state, seconds))
        except Died:
            self.ready = None
            raise

    def close(self) -> None:
        """End the process; a chunk in progress is lost, and `Died` is raised where it is awaited."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def _start(self) -> None:
        # The worker has the same module search path as its owner.
        boot = f"import sys; sys.path[:] = {sys.path!r}; from runs.worker import serve; serve()"
        with self._lock:
            if self._closed:
                raise Died("closed")
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", boot],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=os.environ | ONE_THREAD,
                )
            except OSError as error:
                raise Died(str(error)) from error

    def _ask(self, request: Warm | Advance) -> Any:
        process = self._process
        assert process is not None, "prepare() starts the process"
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            pickle.dump(request, process.stdin, pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()
            return pickle.load(process.stdout)
        except Exception as error:  # the process has ended, or its answer cannot be read: the rest is useless
            self._discard()
            raise Died(f"{error!r}, exit status {process.returncode}") from error

    def _discard(self) -> None:
        """End the process if it still runs, and release its system resources."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):  # what could not be sent is lost with the process
                    if pipe is not None:
                        pipe.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._discard()


def serve() -> None:
    """Answer requests until standard input ends; this is all a worker process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is for the owner
    if hasattr(os, "nice"):
        os.nice(5)  # pages have priority over training
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 (a device, not a path)
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests, inbox), daemon=True).start()
    with contextlib.suppress(BrokenPipeError):  # the owner is gone
        while True:
            match inbox.get():
                case Warm(paths):
                    reply = _warm(paths)
                case request:
                    reply = answer(*request)
            pickle.dump(reply, answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()


def _listen(requests: IO[bytes], inbox: queue.SimpleQueue[Any]) -> None:
    try:
        while True:
            inbox.put(pickle.load(requests))
    finally:
        os._exit(0)  # the only way out of a chunk in progress; nobody is left to read its answer


def _warm(paths: tuple[str, ...]) -> None:
    for path in paths:
        module, _, name = path.partition(":")
        try:
            imported = importlib.import_module(module)
            if name:
                getattr(imported, name)()
        except Exception:
            # A chain that needs it will fail with this reason; the others are not affected.
            logging.exception("a worker could not warm up %s", path)
