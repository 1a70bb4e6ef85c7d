"""A worker: a process that computes chunks for the process that started it, and ends with it.

It reads requests from its standard input and writes answers to its standard output, each one pickle. Whatever a chunk
prints goes to standard error instead. When its standard input ends, its owner has ended, and it exits at once, even in
the middle of a chunk: the operating system closes the pipe however the owner ended.

While it works on a request, a thread sends a sign of life every second. If none arrives for too long, the process hangs
(it is stopped, or waits for a disk): its owner ends it, and a new process continues its work.

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
import time
from collections.abc import Callable
from typing import IO, Any, NamedTuple

from runs.chain import Answer, Failure, answer

__all__ = ["Died", "Worker", "serve"]

BEAT = 1.0  # seconds between two signs of life of a working process, and between two checks for them
SILENCE = 20  # checks without a sign of life after which a process is taken to hang
SLOW = 6  # times as many during warm-up: loading a library from a slow disk blocks the other thread
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")

log = logging.getLogger(__name__)


class Died(Exception):
    """The worker's process ended before it answered."""


class Beat(NamedTuple):
    """A sign of life."""


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

    Only one thread may use it; `close` and `check` may be called from others. `ended` is called, from yet another
    thread, whenever a process has ended.
    """

    def __init__(self, ended: Callable[[], None] = lambda: None) -> None:
        self.ready: frozenset[str] | None = None  # what it was last prepared with; None once it has died
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._ended = ended
        self._silent: int | None = None  # remaining checks without a sign of life; None if none is expected
        self._closed = False
        self._lock = threading.Lock()  # so that no process starts during `close`, and only the silent one is ended

    @property
    def gone(self) -> bool:
        """Whether the process has ended by itself and needs to be replaced."""
        process = self._process
        return process is not None and process.poll() is not None

    def prepare(self, warm: frozenset[str]) -> None:
        """Start the process if it is not alive, and wait until it has done what `warm` names. Raises `Died`."""
        before = self.ready
        try:
            if self._process is None or self.gone:
                before = None
                self._discard()
                self._start()
            if before is None or warm - before:  # even if `warm` is empty: detects a failed start
                self._ask(Warm(tuple(sorted(warm - (before or frozenset())))), SLOW * SILENCE)
        finally:
            self.ready = warm  # even if it died: a worker that cannot warm up is not restarted forever

    def advance(self, chain: bytes, state: bytes | None, seconds: float) -> Answer | Failure:
        """Let the prepared process compute one chunk, and wait for it. Raises `Died`."""
        try:
            return self._ask(Advance(chain, state, seconds), SILENCE)
        except Died:
            self.ready = None
            raise

    def check(self) -> None:
        """Check for a sign of life since the last check; a process that hangs is ended, and so replaced.

        Checks are counted, not seconds, because the owner itself may have been stopped for a while.
        """
        with self._lock:
            if self._silent is None or self._process is None:
                return
            self._silent -= 1
            if not self._silent:
                log.warning("a worker hangs and is ended")
                self._process.kill()

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
                process = subprocess.Popen(
                    [sys.executable, "-c", boot],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=os.environ | ONE_THREAD,
                )
            except OSError as error:
                raise Died(str(error)) from error
            self._process, self._answers = process, queue.SimpleQueue()
            threading.Thread(target=self._hear, args=(process, self._answers), daemon=True).start()

    def _hear(self, process: subprocess.Popen[bytes], answers: queue.SimpleQueue[Any]) -> None:
        """Pass on the answers of a process; an exception when it has ended or sent something unreadable."""
        assert process.stdout is not None
        with process.stdout as said:
            try:
                while True:
                    answer = pickle.load(said)
                    if isinstance(answer, Beat):
                        self._alive()
                    else:
                        answers.put(answer)
            except Exception as error:  # noqa: BLE001 (the rest is useless, and `_ask` raises it)
                answers.put(Died(repr(error)))
        process.kill()
        process.wait()
        self._ended()

    def _alive(self) -> None:
        with self._lock:
            if self._silent is not None:
                self._silent = max(self._silent, SILENCE)

    def _ask(self, request: Warm | Advance, silence: int) -> Any:
        process, answers = self._process, self._answers
        assert process is not None, "prepare() starts the process"
        assert process.stdin is not None
        with self._lock:
            self._silent = silence
        try:
            pickle.dump(request, process.stdin, pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()
            answer = answers.get()
        except OSError as error:  # the process has ended
            answer = Died(repr(error))
        finally:
            with self._lock:
                self._silent = None
        if isinstance(answer, Died):
            self._discard()
            raise Died(f"{answer}, exit status {process.returncode}")
        return answer

    def _discard(self) -> None:
        """End the process if it still runs, and release its system resources."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            with contextlib.suppress(OSError):  # what could not be sent is lost with the process
                if process.stdin is not None:
                    process.stdin.close()

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
    speaking, busy = threading.Lock(), threading.Event()

    def say(what: Any) -> None:
        with speaking:
            pickle.dump(what, answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()

    threading.Thread(target=_beat, args=(busy, say), daemon=True).start()
    with contextlib.suppress(BrokenPipeError):  # the owner is gone
        while True:
            request = inbox.get()
            busy.set()
            match request:
                case Warm(paths):
                    reply = _warm(paths)
                case _:
                    reply = answer(*request)
            busy.clear()
            say(reply)


def _beat(busy: threading.Event, say: Callable[[Any], None]) -> None:
    with contextlib.suppress(BrokenPipeError):
        while True:
            busy.wait()
            say(Beat())
            time.sleep(BEAT)


def _listen(requests: IO[bytes], inbox: queue.SimpleQueue[Any]) -> None:
    try:
        while True:
            inbox.put(pickle.load(requests))
    finally:
        os._exit(0)  # the only way to end a chunk in progress; there is no reader left for its answer


def _warm(paths: tuple[str, ...]) -> None:
    for path in paths:
        module, _, name = path.partition(":")
        try:
            imported = importlib.import_module(module)
            if name:
                getattr(imported, name)()
        except Exception:
            # A chain that needs it will fail for this reason; the others are not affected.
            logging.exception("a worker could not warm up %s", path)
