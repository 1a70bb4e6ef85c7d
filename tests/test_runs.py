"""Runs: each experiment once, in turns, while it has viewers, whatever happens to the worker processes."""

from __future__ import annotations

import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import chains
import numpy as np
import pytest
from chains import Walk

import runs
from runs import Chain, Pool, Run, Tab
from runs.pool import worker_count
from runs.worker import SILENCE, Worker
from spec import Refused
from spec.limits import Limits

ENOUGH = 120.0  # seconds that are waited before a test is given up; none of them waits long


STOPPED = "The computation stopped: {kind}: {message}"
DIED = "The worker process died {times} times after step {done} of {total}, perhaps out of memory."


def chain(walk: Walk, advance: str = "advance") -> Chain:
    return Chain("chains:begin", f"chains:{advance}", walk)


def until(condition: Callable[[], object]) -> None:
    """Wait for something without looking at a run: `Run.wait` would keep it going."""
    deadline = time.monotonic() + ENOUGH
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.002)


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


class Pace:
    """The file that a walk waits for at each step, see `Walk.pace`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.let(0)

    def let(self, steps: int) -> None:
        """Let the run continue up to this step."""
        self.file.write_bytes(bytes(steps))


def alive(pool: Pool) -> bool:
    return all(worker._process and worker._process.poll() is None for worker in pool._workers)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2, lease=60.0) as pool:
        yield pool


@pytest.fixture(scope="module")
def one() -> Iterator[Pool]:
    """One worker, one step a chunk: what happens next is certain."""
    with Pool(1, active=3, chunk_seconds=0.0, lease=60.0) as pool:
        yield pool


def test_a_run_gives_what_the_chain_gives(pool: Pool) -> None:
    walk = Walk("plain", steps=200, pause=0.002)
    view = pool.start(chain(walk)).wait(ENOUGH)
    assert (view.state, view.progress, view.failure) == ("done", (200, 200), None)
    np.testing.assert_array_equal(view.result["path"], chains.whole(walk))
    np.testing.assert_array_equal(view.result["last"], chains.whole(walk)[:, -1])


def test_a_chunk_may_print(pool: Pool) -> None:
    assert pool.start(chain(Walk("chatter", steps=1), "chatter")).wait(ENOUGH).state == "done"


def test_the_same_spec_runs_once(pool: Pool, tmp_path: Path) -> None:
    log = tmp_path / "log"
    together = threading.Barrier(16)
    found: list[Run] = []

    def student(number: int) -> None:
        together.wait()
        run = pool.start(chain(Walk("once", steps=20, pause=0.005, log=str(log))), who=number)
        assert run.wait(ENOUGH, who=number).state == "done"
        found.append(run)

    threads = [threading.Thread(target=student, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(set(map(id, found))) == 1
    assert [line.split()[1] for line in lines(log)] == [str(step) for step in range(1, 21)]
    assert pool.start(chain(Walk("once", steps=20, pause=0.005, log=str(log)))) is found[0]


def test_active_runs_take_turns_and_the_others_queue(one: Pool, tmp_path: Path) -> None:
    gate, log = tmp_path / "gate", tmp_path / "log"
    held = [one.start(chain(Walk(name, steps=4, gate=str(gate), log=str(log))), who=name) for name in "abcde"]
    assert [(run.state, run.place) for run in held] == [
        ("running", None), ("running", None), ("running", None), ("queued", 1), ("queued", 2),
    ]  # fmt: skip
    gate.touch()
    for run, name in zip(held, "abcde", strict=True):
        assert run.wait(ENOUGH, who=name).state == "done"
    turns = "".join(line[0] for line in lines(log))
    assert turns == "abcdeabcabcadbecdede", "who waits has one turn before, so that there is something to see"


def test_who_leaves_the_queue_makes_room(one: Pool, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    held = [one.start(chain(Walk(name, steps=2, gate=str(gate))), who=name) for name in "fghijk"]
    held[3].leave("i")
    assert [run.place for run in held] == [None, None, None, None, 1, 2]
    assert held[3].state == "cancelled"
    one.start(held[3].chain, who="i")
    assert [run.place for run in held] == [None, None, None, 3, 1, 2]
    held[1].leave("g")  # an active one: the first of the queue takes its turn
    assert [run.state for run in held] == ["running", "cancelled", "running", "queued", "running", "queued"]
    gate.touch()
    assert [run.wait(ENOUGH).state for run in held] == ["done", "cancelled", "done", "done", "done", "done"]


class Turns:
    """One worker that makes one step a chunk, and writes down whose; everybody waits until all are there."""

    def __init__(self, folder: Path, **how: int) -> None:
        self.gate, self.log = folder / "gate", folder / "log"
        self.pool = Pool(1, chunk_seconds=0.0, lease=1e6, **({"active": 100, "each": 100} | how))
        self.first = self.start("-", "somebody", steps=1)  # it has the first turn, whenever the worker is there
        until(lambda: self.first in self.pool._flying)

    def start(self, name: str, *visitors: object, steps: int = 30) -> Run:
        spec = chain(Walk(name, steps=steps, gate=str(self.gate), log=str(self.log)))
        run, *same = (self.pool.start(spec, who=visitor) for visitor in visitors)
        assert all(other is run for other in same)
        return run

    def taken(self, count: int) -> str:
        """Let them go; return whose the next `count` turns were."""
        self.gate.touch()
        until(lambda: len(lines(self.log)) > count)
        return "".join(line[0] for line in lines(self.log))[1 : count + 1]


def test_turns_are_fair_to_visitors_however_many_runs_each_has(tmp_path: Path) -> None:
    turns = Turns(tmp_path)
    with turns.pool:
        for name in "abcde":  # one visitor with five tabs
            turns.start(name, Tab("ann", name))
        turns.start("x", "ben")
        turns.start("y", "cleo")
        taken = turns.taken(40)
        for at in range(10, 40, 3):  # at first everybody's new run has a turn at once
            three = taken[at : at + 3]
            assert {"x", "y"} < set(three), "each of three visitors has every third turn"
        assert set(taken[10:]) == set("abcdexy"), "and all of ann's runs move on"


def test_a_run_that_a_class_looks_at_is_one_run(tmp_path: Path) -> None:
    turns = Turns(tmp_path)
    with turns.pool:
        turns.start("s", *range(60))
        for name in "abcd":  # one of the class has others besides
            turns.start(name, 0)
        turns.start("x", "ben")
        taken = turns.taken(60)
        for name, others in (("s", "x"), ("x", "s"), ("s", "abcd")):
            assert abs(taken.count(name) - sum(map(taken.count, others))) <= 3, taken


def test_who_has_many_runs_leaves_room_for_others(tmp_path: Path) -> None:
    turns = Turns(tmp_path, active=4)
    with turns.pool:
        tabs = [turns.start(name, Tab("ann", name)) for name in "abc"]
        assert [run.state for run in tabs] == ["running"] * 3, "nobody else is there"
        ben, cleo = turns.start("x", "ben"), turns.start("y", "cleo")
        assert [run.state for run in (*tabs, ben, cleo)] == ["queued", "queued", "running", "running", "running"]
        assert [run.place for run in tabs] == [2, 1, None], "the oldest waits longest"
        ben.leave("ben")
        assert [run.state for run in tabs] == ["queued", "running", "running"]
        turns.gate.touch()
        for run, name in zip((*tabs, cleo), "abcy", strict=True):
            assert run.wait(ENOUGH, who=Tab("ann", name) if name in "abc" else "cleo").state == "done"
            np.testing.assert_array_equal(run.result["path"], chains.whole(Walk(name, steps=30)))


def test_a_visitor_has_so_many_turns_at_a_time(tmp_path: Path) -> None:
    turns = Turns(tmp_path, each=2)
    with turns.pool:
        tabs = [turns.start(name, Tab("ann", name)) for name in "abcd"]
        assert [run.state for run in tabs] == ["queued", "queued", "running", "running"]
        assert [run.place for run in tabs] == [None] * 4, "they wait for ann, not for others"
        tabs[3].leave(Tab("ann", "d"))
        assert [run.state for run in tabs] == ["queued", "running", "running", "cancelled"]


def test_the_queue_has_an_end(tmp_path: Path) -> None:
    turns = Turns(tmp_path, active=1, most=4)
    with turns.pool:
        tabs = [turns.start(name, Tab("ann", name)) for name in "abcd"]
        assert [run.state for run in tabs] == ["failed", "queued", "queued", "queued"]
        assert "Too many computations are waiting" in str(tabs[0].failure)
        ben = turns.start("x", "ben")
        assert (ben.state, tabs[1].state) == ("queued", "failed"), "who has many makes room for who has none"


def test_what_mentions_a_name_is_forgotten(tmp_path: Path) -> None:
    with Pool(1, lease=60.0) as pool:
        done = [pool.start(chain(Walk(name))) for name in ("own~1", "own~2", "public")]
        assert [run.wait(ENOUGH).state for run in done] == ["done"] * 3
        live = pool.start(chain(Walk("own~1 again", gate=str(tmp_path / "never"))))
        pool.forget({"own~1"})
        assert live.state == "cancelled"
        assert {run.chain.spec.name for run in pool._runs.values()} == {"own~2", "public"}


def test_it_stops_when_the_last_one_leaves_and_goes_on_where_it_stopped(one: Pool, tmp_path: Path) -> None:
    pace = Pace(tmp_path / "pace")
    walk = Walk("left", steps=30, pace=str(pace.file), log=str(tmp_path / "log"))
    run = one.start(chain(walk), who="ann")
    one.start(chain(walk), who="ben")
    run.leave("ann")
    pace.let(5)
    while (view := run.look("ben")).progress[0] < 5:
        assert view.state == "running", "ben is still there"
        run.wait(ENOUGH, since=view.version, who="ben")
    run.leave("ben")
    pace.let(10)
    assert run.state == "cancelled"
    until(lambda: run not in one._flying)
    stopped, version = run.progress[0], run.version
    assert stopped in (5, 6), "a chunk that was under way may come in"
    np.testing.assert_array_equal(run.result["path"], chains.whole(walk)[:, : stopped + 1])
    assert one.start(chain(Walk("another"))).wait(ENOUGH).state == "done"
    assert (run.progress[0], run.version) == (stopped, version), "it made no further chunk"

    pace.let(30)
    assert one.start(chain(walk), who="cleo") is run
    assert run.wait(ENOUGH).state == "done"
    np.testing.assert_array_equal(run.result["path"], chains.whole(walk))
    steps = [int(line.split()[1]) for line in lines(tmp_path / "log")]
    assert steps == list(range(1, 31)), "no step was made twice"


def test_a_run_left_and_started_again_within_one_chunk_never_flies_twice(pool: Pool, tmp_path: Path) -> None:
    gate, log = tmp_path / "gate", tmp_path / "log"
    walk = Walk("again", steps=5, gate=str(gate), log=str(log))
    run = pool.start(chain(walk))
    until(lambda: run in pool._flying)
    for _ in range(3):
        run.leave()
        assert run.state == "cancelled"
        assert pool.start(chain(walk)) is run
        assert run.state == "running"
    gate.touch()
    assert run.wait(ENOUGH).state == "done"
    assert len(lines(log)) == 5


def test_a_lease_runs_out(tmp_path: Path) -> None:
    now = [100.0]
    gate = tmp_path / "gate"
    with Pool(1, active=1, lease=6.0, chunk_seconds=0.0, clock=lambda: now[0]) as pool:
        closed = pool.start(chain(Walk("closed", gate=str(gate))), who="ann")
        lapsed = pool.start(chain(Walk("lapsed", gate=str(gate))), who="ben")
        looked = pool.start(chain(Walk("looked", gate=str(gate))), who="cleo")
        until(lambda: closed in pool._flying)
        now[0] += 5
        looked.look("cleo")
        assert looked.place == 2
        now[0] += 5
        assert (looked.view().state, looked.place) == ("running", None), "nobody waits behind those who have gone"
        gate.touch()
        assert looked.wait(ENOUGH).state == "done"
        assert (closed.state, closed.progress) == ("cancelled", (1, 10)), "the chunk it was in is kept, and is the last"
        assert (lapsed.state, lapsed.progress) == ("cancelled", (0, 0))
        assert closed.look().state == "cancelled", "looking alone does not start it again"


def test_who_waits_needs_no_lease(tmp_path: Path) -> None:
    now = [100.0]
    gate = tmp_path / "gate"
    with Pool(1, lease=6.0, chunk_seconds=0.0, clock=lambda: now[0]) as pool:
        run = pool.start(chain(Walk("awaited", gate=str(gate))))
        waiting = threading.Thread(target=run.wait)
        waiting.start()
        until(lambda: len(run._leases) == 2)
        now[0] += 100
        gate.touch()
        waiting.join(ENOUGH)
        assert run.state == "done"


@pytest.mark.parametrize(
    ("advance", "text", "sentence"),
    [
        ("refuse", "The rate must be below {bound}, not {value}.", "The rate must be below 1.5, not (2+1j)."),
        ("crash", STOPPED, "The computation stopped: ZeroDivisionError: by nothing"),
        ("missing", STOPPED, "AttributeError"),
        ("stand_still", STOPPED, "did not move on from 0 of 10"),
        ("misfit", STOPPED, "ValueError"),
        ("tell_objects", STOPPED, "'thing' is not an array"),
        ("die", DIED, "died 3 times after step 0 of ?, perhaps out of memory"),
    ],
)
def test_a_failure_has_its_reason(pool: Pool, advance: str, text: str, sentence: str) -> None:
    view = pool.start(chain(Walk(advance), advance)).wait(ENOUGH)
    assert (view.state, view.retry) == ("failed", advance != "refuse")
    assert isinstance(view.failure, Refused)
    assert view.failure.text == text
    assert sentence in str(view.failure)


def test_a_traceback_goes_to_the_log(pool: Pool, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        pool.start(chain(Walk("logged"), "crash")).wait(ENOUGH)
    assert 'raise ZeroDivisionError("by nothing")' in caplog.text


def test_a_failed_run_is_tried_anew(pool: Pool, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    tried = chain(Walk("anew", gate=str(gate)), "refuse_until")
    first = pool.start(tried)
    assert first.wait(ENOUGH).state == "failed"
    gate.touch()
    assert pool.start(tried) is first, (
        "not while somebody looks at it: a page that is drawn again must not try for ever"
    )
    first.leave()
    second = pool.start(tried)
    assert second is not first
    assert second.wait(ENOUGH).state == "done"
    assert first.state == "failed"


def test_a_failed_run_is_tried_again_when_asked(pool: Pool, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    tried = chain(Walk("asked", gate=str(gate)), "crash_until")
    first = pool.start(tried)
    assert (first.wait(ENOUGH).state, first.view().retry) == ("failed", True)
    gate.touch()
    assert pool.start(tried) is first
    second = pool.start(tried, again=True)
    assert second is not first
    assert (second.wait(ENOUGH).state, second.view().retry) == ("done", False)
    assert pool.start(tried, again=True) is second, "what has not failed is not tried again"


def test_a_killed_worker_costs_no_result(pool: Pool) -> None:
    walks = [Walk(f"killed {i}", steps=300, pause=0.005) for i in range(4)]
    running = [pool.start(chain(walk)) for walk in walks]
    for _ in range(2):
        until(lambda: alive(pool))
        done = running[0].progress[0]
        until(lambda done=done: all(run.look().progress[0] > min(done + 20, 250) for run in running))
        process = pool._workers[0]._process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    for run, walk in zip(running, walks, strict=True):
        assert run.wait(ENOUGH).state == "done"
        np.testing.assert_array_equal(run.result["path"], chains.whole(walk))


def test_a_warm_worker_takes_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the one that has died is being replaced, which may take long, the other one goes on with its run."""
    log, over = tmp_path / "log", threading.Event()
    with Pool(2) as pool:
        until(lambda: alive(pool))
        pids = {str(worker._process.pid) for worker in pool._workers if worker._process}
        start = Worker._start
        monkeypatch.setattr(Worker, "_start", lambda worker: (over.wait(ENOUGH), start(worker)))
        run = pool.start(chain(Walk("taken over", log=str(log), deadly=(2,))))
        assert run.wait(ENOUGH).state == "done"
        assert {line.split()[-1] for line in lines(log)} == pids
        over.set()
        until(lambda: alive(pool))  # the other one is replaced, though nobody needs it yet


def test_only_deaths_at_the_same_step_count(one: Pool, tmp_path: Path) -> None:
    walk = Walk("mortal", steps=8, log=str(tmp_path / "log"), deadly=(2, 3, 5, 7))
    view = one.start(chain(walk)).wait(ENOUGH)
    assert view.state == "done", view.failure
    np.testing.assert_array_equal(view.result["path"], chains.whole(walk))


def test_a_worker_killed_while_idle_is_replaced(tmp_path: Path) -> None:
    with Pool(1) as pool:
        pid = int(pool.start(chain(Walk("pid 1"), "surroundings")).wait(ENOUGH).result["pid"])
        os.kill(pid, signal.SIGKILL)
        view = pool.start(chain(Walk("pid 2"), "surroundings")).wait(ENOUGH)
        assert view.state == "done"
        assert int(view.result["pid"]) != pid


def test_a_worker_that_dies_idle_is_replaced_before_a_run_needs_it() -> None:
    with Pool(2) as pool:
        pool.warm_up(["colorsys"])
        until(lambda: alive(pool) and all(worker.ready for worker in pool._workers))
        before = [worker._process.pid for worker in pool._workers if worker._process]
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        until(lambda: alive(pool) and not {worker._process.pid for worker in pool._workers} & set(before))


def test_a_run_is_not_kept_for_a_worker_that_is_being_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with Pool(2) as pool:
        until(lambda: alive(pool) and all(worker.ready is not None for worker in pool._workers))
        over, start = threading.Event(), Worker._start
        monkeypatch.setattr(Worker, "_start", lambda worker: (over.wait(ENOUGH), start(worker)))
        dead = pool._workers[0]._process
        assert dead is not None
        os.kill(dead.pid, signal.SIGKILL)
        assert pool.start(chain(Walk("beside"))).wait(ENOUGH).state == "done", "the other one takes it"
        over.set()


def test_a_worker_that_hangs_is_replaced(tmp_path: Path) -> None:
    pace = Pace(tmp_path / "pace")
    walk = Walk("hangs", steps=4, pace=str(pace.file))
    with Pool(1, chunk_seconds=0.0, lease=1e6) as pool:
        run = pool.start(chain(walk))
        pace.let(2)
        until(lambda: run.progress[0] == 2 and run in pool._flying)
        worker = pool._workers[0]
        process = worker._process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        pace.let(4)
        for _ in range(SILENCE):
            worker.check()
        assert run.wait(ENOUGH).state == "done"
        assert process.poll() == -signal.SIGKILL
        np.testing.assert_array_equal(run.result["path"], chains.whole(walk))


def test_a_worker_that_computes_for_long_does_not_hang(tmp_path: Path) -> None:
    with Pool(1, lease=1e6) as pool:
        pool.start(chain(Walk("long", log=str(tmp_path / "log")), "spin"))
        until((tmp_path / "log").exists)
        worker = pool._workers[0]
        for _ in range(2):
            for _ in range(SILENCE // 2):
                worker.check()
            until(lambda: worker._silent == SILENCE)
        assert alive(pool)


@pytest.mark.parametrize("end", ["SIGTERM", "SIGKILL", "SIGINT", "exit"])
def test_workers_die_with_their_owner(tmp_path: Path, end: str) -> None:
    log, root = tmp_path / "log", Path(runs.__file__).parents[1]
    script = f"""
import signal, time, sys, runs, chains
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
run = runs.start(runs.Chain("chains:begin", "chains:spin", chains.Walk(log={str(log)!r})))
while not Path({str(log)!r}).exists():
    run.look()
    time.sleep(0.01)
print("busy", flush=True)
if {end!r} != "exit":
    time.sleep(600)
"""
    owner = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(root), str(root / "tests")]), "DESCENT_LAB_WORKERS": "2"},
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"busy\n"
    if end != "exit":
        owner.send_signal(getattr(signal, end))
    # Its workers hold the other end of its standard error: this returns when the last of them has gone.
    _, errors = owner.communicate(timeout=ENOUGH)
    assert owner.returncode == {"exit": 0, "SIGINT": -signal.SIGINT}.get(end, -getattr(signal, end, 0))
    assert errors == b"" or end == "SIGINT"


def test_finished_runs_are_kept_up_to_a_number() -> None:
    with Pool(1, keep=3, lease=60.0) as pool:
        chained = [chain(Walk(f"kept {i}")) for i in range(5)]
        done = [pool.start(each) for each in chained]
        assert [run.wait(ENOUGH).state for run in done] == ["done"] * 5
        assert [pool.start(each) is run for each, run in zip(chained[2:], done[2:], strict=True)] == [True] * 3
        assert pool.start(chained[0]) is not done[0]
        assert done[0].view().state == "done", "who still holds a forgotten run can read it"
        assert pool.start(chained[0]).wait(ENOUGH).state == "done"
        assert pool.start(chained[2]) is not done[2], "the one started longest ago went first"
        assert pool.start(chained[4]) is done[4]


def test_finished_runs_are_kept_up_to_a_size() -> None:
    def run(i: int) -> Run:
        return pool.start(chain(Walk(f"big {i}", steps=1000)))  # a path of 16 kB

    with Pool(1, keep_bytes=40_000, lease=60.0) as pool:
        done = [run(i) for i in range(4)]
        assert [each.wait(ENOUGH).state for each in done] == ["done"] * 4
        assert [each._state for each in done] == [None] * 4
        assert [run(3) is done[3], run(2) is done[2], run(1) is done[1]] == [True, True, False]
    with Pool(1, keep_bytes=1) as pool:
        only = run(0)
        assert only.wait(ENOUGH).state == "done"
        assert run(0) is only, "the newest stays, however big"


def test_workers_warm_up_alone() -> None:
    before = set(sys.modules)
    with Pool(2) as pool:
        pool.warm_up(["colorsys"])
        pool.warm_up(["colorsys", "zipapp", "no_such_module", "chains:warm", "chains:crash"])
        for name in ("warm 1", "warm 2"):
            view = pool.start(chain(Walk(name), "surroundings")).wait(ENOUGH)
            assert {"colorsys", "zipapp", "wave"} <= set(view.result["modules"])
            assert not {"streamlit", "pytest", "torch", "__mp_main__"} & set(view.result["modules"])
            assert view.result["threads"].tolist() == ["1", "1", "1"]
        os.kill(int(view.result["pid"]), signal.SIGKILL)
        view = pool.start(chain(Walk("warm 3"), "surroundings")).wait(ENOUGH)
        assert {"colorsys", "zipapp", "wave"} <= set(view.result["modules"]), "a new worker is as warm as the old one"
    assert not {"zipapp", "wave"} & (set(sys.modules) - before)


def test_a_worker_that_cannot_warm_up_does_not_start_for_ever(tmp_path: Path) -> None:
    with Pool(1) as pool:
        pool.warm_up(["chains:die_now"])
        until(lambda: pool._workers[0].ready == {"chains:die_now"} and pool._workers[0]._process is None)
        view = pool.start(chain(Walk("never warm"))).wait(ENOUGH)
        assert view.state == "failed"
        assert "died 3 times" in str(view.failure)


def test_results_are_read_only_and_belong_together(one: Pool, tmp_path: Path) -> None:
    pace = Pace(tmp_path / "pace")
    walk = Walk("read", steps=60, pace=str(pace.file))
    run = one.start(chain(walk))
    views = [run.look()]
    for step in range(1, 61):
        pace.let(step)
        while views[-1].progress[0] < step:
            views.append(run.wait(ENOUGH, since=views[-1].version))
    assert views[-1].state == "done"
    assert len(views) > 60, "each step was seen"
    assert [view.version for view in views] == sorted({view.version for view in views})
    for view in views[1:]:
        done = view.progress[0]
        assert int(view.result["step"]) == done
        np.testing.assert_array_equal(view.result["path"], chains.whole(walk)[:, : done + 1])
        with pytest.raises(ValueError, match="read-only"):
            view.result["path"][0, 0] = 1.0
        with pytest.raises(TypeError):
            view.result["path"] = np.zeros(1)  # pyright: ignore[reportIndexIssue]
    left = [view.seconds_left for view in views if view.state == "running" and view.progress[0] > 2]
    assert all(seconds is not None and seconds > 0 for seconds in left)
    assert views[0].seconds_left is views[-1].seconds_left is None


@pytest.mark.heavy
def test_many_students_at_once(tmp_path: Path) -> None:
    """Whatever they start, leave and look at, and though workers die: what is wanted in the end is done, and right."""
    walks = [
        Walk(f"walk {i}", steps=5 + i, pause=0.001, log=str(tmp_path / "log"), deadly=(3,) if i % 7 == 0 else ())
        for i in range(28)
    ]

    def student(pool: Pool, seed: int) -> None:
        choice = random.Random(seed)
        mine: list[Run] = []
        for _ in range(150):
            mine.append(pool.start(chain(choice.choice(walks)), who=seed))
            if choice.random() < 0.7:
                mine.pop(choice.randrange(len(mine))).leave(seed)
            if mine:
                view = choice.choice(mine).look(seed)
                assert view.failure is None
            if choice.random() < 0.1:
                time.sleep(0.02)
        for run in mine:
            run.leave(seed)

    for lease in (6.0, 0.001):
        with Pool(2, lease=lease, chunk_seconds=0.003) as pool:
            threads = [threading.Thread(target=student, args=(pool, seed)) for seed in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(ENOUGH)
            assert not any(thread.is_alive() for thread in threads)
            for walk in walks:
                while (view := pool.start(chain(walk)).wait(ENOUGH)).state == "cancelled":
                    pass  # the short lease ran out between start and wait
                assert view.state == "done", (walk, view)
                np.testing.assert_array_equal(view.result["path"], chains.whole(walk))
            until(lambda pool=pool: not (pool._flying or pool._live))


def test_closing_ends_everything(tmp_path: Path) -> None:
    pool = Pool(2)
    held = [pool.start(chain(Walk(f"held {i}", gate=str(tmp_path / "never")))) for i in range(8)]
    waiting = threading.Thread(target=held[0].wait)
    waiting.start()
    pool.close()
    waiting.join(ENOUGH)
    assert not waiting.is_alive()
    assert {run.state for run in held} == {"cancelled"}
    with pytest.raises(RuntimeError, match="closed"):
        pool.start(chain(Walk("late")))


def test_the_number_of_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs.pool, "allowed", Limits)
    assert 1 <= worker_count() <= (os.cpu_count() or 1)
    monkeypatch.setattr(runs.pool, "allowed", lambda: Limits(workers=3))
    assert worker_count() == 3
