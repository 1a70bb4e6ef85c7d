"""The class that the benchmark simulates: its browsers speak the server's protocol as real ones do."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from benchmarks.classroom import PAGES, Browser, Class, alone, cpu, lecture, memory

R = TypeVar("R")


def apart(work: Coroutine[Any, Any, R]) -> R:
    """Run in a thread of its own: playwright keeps a loop running in that of the tests."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def test_students_see_what_they_change(app: str) -> None:
    students = Class()

    async def one_lesson() -> list[Browser]:
        browsers = [Browser(app, page, query) for page, query in (
            ("race", ""), ("race", "surface=rosenbrock&lang=en"), ("overfitting", "rows=30&epochs=20"),
        )]  # fmt: skip
        await alone(app, "rows=30&epochs=20&seed=2")  # the workers import what they need
        await lecture(students, browsers, [PAGES[browser.page] for browser in browsers], 1.0, {}, most=1)
        await asyncio.gather(*(browser.close() for browser in browsers))
        return browsers

    browsers = apart(one_lesson())
    assert students.errors == []
    assert len(students.opened.seconds) == 3, "each saw a picture"
    assert students.first.unseen == 0, "the networks began to learn"
    assert [len(timings.seconds) for timings in students.changed.values()] == [2, 1]
    assert not any(timings.unseen for timings in students.changed.values()), "and each the one for its change"
    assert all(browser.query for browser in browsers[:2]), "the address follows the settings"
    assert students.received > 100_000, "scenes came"


def test_a_student_is_told_what_breaks(app: str) -> None:
    async def ask_for_what_is_not_there() -> list[str]:
        students = Class()

        async def turn(student: Browser, _luck: object) -> bool:
            await student.change("no such setting", True)
            return False

        browser = Browser(app, "race")
        await lecture(students, [browser], [turn], 1.0, {}, most=1)
        await browser.close()
        return students.errors

    (error,) = apart(ask_for_what_is_not_there())
    assert "no such setting" in error


def test_the_machine_is_read() -> None:
    assert memory([os.getpid()]) > 10
    assert cpu([os.getpid()]) > 0.1
