"""The cache of the web process is limited in bytes, in total and per visitor; so are uploads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.formparsers import MultiPartParser
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from experiments.anatomy import anatomy
from experiments.descend import default_race, descend
from experiments.maps import default_map, survey
from spec.limits import allowed
from ui import cached, uploads
from ui.kept import Kept, size


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3), st.integers(1, 400)), max_size=80))
def test_whatever_is_asked_for_stays_within_both_bounds(asked: list[tuple[int, int, int]]) -> None:
    kept = Kept(most=1000, share=400)
    for name, who, length in asked:
        kept.get(name, lambda length=length: bytes(length), f"visitor {who}")
        assert kept.bytes() <= 1000
        assert all(kept.bytes(f"visitor {who}") <= 400 for who in range(4))
        assert kept.bytes() == sum(kept.bytes(f"visitor {who}") for who in range(4))


def test_what_was_asked_for_last_stays() -> None:
    kept, made = Kept(most=1000, share=1000), []
    for name in "abcabda":  # with its overhead each takes about 330 bytes
        kept.get(name, lambda name=name: made.append(name) or bytes(300))
    assert made == list("abcd"), "c was not asked for longest when d came"


def test_one_visitor_does_not_push_out_the_others() -> None:
    kept, made = Kept(most=2000, share=1000), []
    kept.get("theirs", lambda: bytes(300), "quiet")
    for i in range(100):
        kept.get(i, lambda: bytes(300), "loud")
    kept.get("theirs", lambda: made.append("again"), "quiet")
    assert not made
    assert 0 < kept.bytes("loud") <= 1000


def test_what_is_larger_than_a_share_is_given_but_not_kept() -> None:
    kept = Kept(most=1000, share=400)
    assert len(kept.get("large", lambda: bytes(500))) == 500
    assert kept.bytes() == 0


def test_what_is_being_made_is_made_once() -> None:
    kept, made, start = Kept(), [], threading.Barrier(4)

    def ask() -> int:
        start.wait()
        return kept.get("same", lambda: made.append(1) or threading.Event().wait(0.05) or 7)

    with ThreadPoolExecutor(4) as pool:
        assert [future.result() for future in [pool.submit(ask) for _ in range(4)]] == [7] * 4
    assert made == [1]


def test_what_failed_is_tried_again() -> None:
    kept = Kept()
    with pytest.raises(ZeroDivisionError):
        kept.get("same", lambda: 1 // 0)
    assert kept.get("same", lambda: 1) == 1


def test_sizes_are_those_of_the_arrays_each_counted_once() -> None:
    whole = np.zeros((1000, 10))
    assert 80_000 <= size(whole) < 80_500
    assert 80_000 <= size((whole, whole[3], {"part": whole[:, 2]})) < 81_000
    assert size(b"x" * 5000) >= 5000


def test_the_largest_results_of_the_pages_can_be_kept() -> None:
    """Sixteen contenders and 2,000 steps; a result above its visitor's share would be computed anew at each look."""
    race = default_race("ravine", ["adam"] * 16)
    race = type(race)(race.surface, race.contenders, race.start, allowed().steps)
    run = descend(race)
    assert size(run) < cached.KEPT.share / 4
    assert 16 * size(anatomy(race, run, 0)) < cached.KEPT.share
    assert size(survey(default_map("rates", "ravine"))) < cached.KEPT.share / 4


# -- what sessions send


def test_a_session_holds_few_files_however_many_it_sends() -> None:
    manager = MemoryUploadedFileManager("/upload")
    uploads.limit(manager)
    for session in ("one", "two"):
        for i in range(60):
            manager.add_file(session, UploadedFileRec(f"{i}", "a.csv", "text/csv", bytes(1000)))
            assert len(manager.get_files(session, [f"{i}"])) == 1, "the newest is there"
    held = sum(len(manager.get_files(session, [f"{i}" for i in range(60)])) for session in ("one", "two"))
    assert held == 2 * uploads.FILES
    manager.add_file("one", UploadedFileRec("59", "a.csv", "text/csv", bytes(10)))  # the same again
    assert len(manager.get_files("one", ["58", "59"])) == 2
    manager.remove_session_files("one")
    assert not manager.get_files("one", ["58", "59"])
    manager.add_file("one", UploadedFileRec("0", "a.csv", "text/csv", b""))
    assert len(manager.get_files("one", ["0"])) == 1


def test_an_upload_is_not_spooled_to_a_file() -> None:
    uploads.bound()
    assert MultiPartParser.spool_max_size > allowed().upload * 2**20
