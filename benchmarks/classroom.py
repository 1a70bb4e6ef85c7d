"""Load test with a class: many browsers on one server at once, each of which changes a setting every few seconds.

    python -m benchmarks.classroom                        sixty browsers, half on Race and half on Overfitting
    python -m benchmarks.classroom --page overfitting     all on one page
    python -m benchmarks.classroom --same-lesson          all open one lesson; counts the training runs this takes

A browser here is a WebSocket that speaks Streamlit's protocol as the page in a real browser does: it opens a link,
keeps the state of every widget and the messages it has to cache, sends all of these with each change, and reruns a
fragment as often as the server has asked for. It draws nothing. Linux only: memory and processor time come from /proc.
Needs the packages of requirements-dev.txt.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Block_pb2 import Block
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

import lessons
from harness import browser as chromium
from harness.server import serve

ARRIVAL = 10.0  # seconds within which a class opens a link
PAUSE = (3.0, 6.0)  # seconds between two changes of one student
PATIENCE = 60.0  # seconds after which a page that shows nothing has failed
FINISHED = ForwardMsg.ScriptFinishedStatus


# -- one browser


class Shown(NamedTuple):
    """A picture that arrived: when, and the steps on its clock, so far and in total (None on Race)."""

    at: float
    last: int
    total: int | None
    live: bool


class Browser:
    """One tab on one page. `errors` are what a student would see as broken; `received` counts bytes.

    Tabs with the same `visitor`, 32 hexadecimal digits, send the same cookie, as the tabs of one real browser do.
    """

    def __init__(self, address: str, page: str, query: str = "", visitor: str = "") -> None:
        self.address, self.page, self.query = address, page, query
        self.headers = {"Cookie": f"_streamlit_xsrf=2|00000000|{visitor}|0"} if visitor else {}
        self.errors: list[str] = []
        self.received = 0
        self.elements: dict[str, Any] = {}  # the widgets on the page, by key
        self.shown: Shown | None = None
        self._states: dict[str, WidgetState] = {}  # by id
        self._seen: set[str] = set()  # ids of the widgets that the current run has drawn
        self._remembered: dict[str, tuple[ForwardMsg, int]] = {}  # hash -> message, number of the run it came in
        self._runs = 0
        self.session = ""
        self._script = ""
        self._fragments: list[str] = []  # of the current run; none when the whole page runs
        self._asked = False  # a change was sent, and its run has not begun yet
        self._fresh = asyncio.Condition()
        self._picture = b""
        self._timers: dict[str, tuple[float, asyncio.Task[None]]] = {}
        self._socket: ClientConnection | None = None
        self._listener: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect and request the page, as a browser does that follows a link."""
        host = urlsplit(self.address).netloc
        self._socket = await connect(
            f"ws://{host}/_stcore/stream",
            subprotocols=[Subprotocol("streamlit"), Subprotocol("PLACEHOLDER_AUTH_TOKEN")],
            origin=Origin(f"http://{host}"), additional_headers=self.headers, max_size=None, open_timeout=PATIENCE,
        )  # fmt: skip
        self._listener = asyncio.create_task(self._listen(self._socket))
        self._asked = True
        await self._send()

    async def close(self) -> None:
        """Close the tab."""
        self._stop_timers()
        if self._socket is not None:
            await self._socket.close()
        if self._listener is not None:
            await self._listener

    # -- what a student does

    async def change(self, key: str, value: Any) -> None:
        """Set a widget, found by the end of its id, to a value: text, a number, or True for a button or a switch."""
        name = next((name for name in self.elements if name.endswith(key)), None)
        if name is None:
            raise LookupError(f"{self.page} has no {key!r}, only {sorted(self.elements)}")
        element = self.elements[name]
        state = WidgetState(id=element.id)
        kind = type(element).__name__
        if kind == "Button":
            state.trigger_value = True
        elif kind == "Slider" and element.options:
            state.string_array_value.data.append(value)
        elif kind == "Slider":
            state.double_array_value.data.append(value)
        elif kind in ("Selectbox", "TextInput"):
            state.string_value = value
        elif kind in ("Checkbox", "Expandable"):
            state.bool_value = value
        elif element.data_type == element.INT:
            state.int_value = value
        else:
            state.double_value = value
        self._asked = True
        if kind == "Button":
            await self._send(once=state)
        else:
            self._states[element.id] = state
            await self._send()

    def value(self, key: str) -> Any:
        """Return the value of a slider, a selectbox or a text input."""
        state = self._states[self.elements[key].id]
        value = getattr(state, state.WhichOneof("value") or "")
        return value.data[0] if hasattr(value, "data") else value

    async def picture(self, enough: Callable[[Shown], bool], timeout: float = PATIENCE) -> Shown | None:
        """Wait for a picture of the last change that is `enough`; None after `timeout` seconds or an error."""

        def there() -> bool:
            return bool(self.errors) or (not self._asked and self.shown is not None and enough(self.shown))

        async with self._fresh:
            try:
                await asyncio.wait_for(self._fresh.wait_for(there), timeout)
            except TimeoutError:
                return None
        return None if self.errors else self.shown

    # -- what a browser does by itself

    async def _send(self, fragment: str = "", once: WidgetState | None = None) -> None:
        message = BackMsg()
        request = message.rerun_script
        request.query_string = self.query
        request.widget_states.SetInParent()
        request.widget_states.widgets.extend(self._states.values())
        if once is not None:
            request.widget_states.widgets.append(once)
        request.page_script_hash = self._script
        request.page_name = "" if self._script else self.page
        request.fragment_id, request.is_auto_rerun = fragment, bool(fragment)
        request.cached_message_hashes.extend(self._remembered)
        about = request.context_info
        about.timezone, about.timezone_offset, about.locale = "UTC", 0, "en-US"
        about.url, about.is_embedded, about.color_scheme = f"{self.address}{self.page}", False, "light"
        if self._socket is not None:
            await self._socket.send(message.SerializeToString())

    async def _listen(self, socket: ClientConnection) -> None:
        try:
            async for data in socket:
                self.received += len(data)
                await self._take(ForwardMsg.FromString(data if isinstance(data, bytes) else data.encode()))
        except ConnectionClosed as closed:
            await self._fail(f"the connection broke: {closed}")
        except (ValueError, LookupError) as error:
            await self._fail(f"an answer cannot be read: {error!r}")

    async def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            known = self._remembered.get(message.ref_hash)
            if known is None:
                await self._fail("the server counts on a message that is forgotten")
                return
            message, kind = known[0], "delta"
        elif message.metadata.cacheable:
            self._remembered[message.hash] = (message, self._runs)
        if kind == "new_session":
            self.session = message.new_session.initialize.session_id
            self._fragments = list(message.metadata.run.fragment_ids)
            if not self._fragments:
                self._script = message.new_session.page_script_hash
                self._seen = set()
                self._asked = False
                self.shown = None
                self._stop_timers()
        elif kind == "navigation":
            self._script = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self._start_timer(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            await self._draw(message.delta.new_element)
        elif kind == "delta" and message.delta.WhichOneof("type") == "add_block":
            self._block(message.delta.add_block)
        elif kind == "session_event" and message.session_event.HasField("script_compilation_exception"):
            await self._fail("the script does not compile")
        elif kind == "script_finished":
            self._finish(message.script_finished)

    async def _draw(self, element: Element) -> None:
        kind = element.WhichOneof("type")
        part = getattr(element, kind) if kind else None
        if part is None:
            return
        if kind == "exception":
            await self._fail(f"an exception is shown: {part.message}")
        elif kind == "bidi_component" and part.component_name == "descent_lab.stage":
            await self._see(part.bytes)
        elif kind in ("button", "number_input", "slider", "selectbox", "text_input", "checkbox", "button_group"):
            self.elements[_key(part.id)] = part
            self._seen.add(part.id)
            if kind != "button" and (part.set_value or part.id not in self._states):
                self._states[part.id] = _first(kind, part)

    def _block(self, block: Block) -> None:
        if block.WhichOneof("type") == "expandable" and block.expandable.id:
            self.elements[_key(block.expandable.id)] = block.expandable
            self._seen.add(block.expandable.id)

    async def _see(self, scene: bytes) -> None:
        if scene == self._picture and self.shown is not None:
            return
        head = json.loads(scene[4 : 4 + int.from_bytes(scene[:4], "little")])
        clock = head["clock"]
        async with self._fresh:
            self._picture = scene
            self.shown = Shown(time.perf_counter(), clock["last"], clock.get("total"), clock["live"])
            self._fresh.notify_all()

    def _finish(self, status: int) -> None:
        if status == FINISHED.FINISHED_EARLY_FOR_RERUN:
            return
        if not self._fragments:
            self.elements = {key: part for key, part in self.elements.items() if part.id in self._seen}
            self._states = {name: state for name, state in self._states.items() if name in self._seen}
        self._runs += 1
        self._remembered = {
            name: (message, run) for name, (message, run) in self._remembered.items()
            if self._runs - run <= 2 or (self._fragments and message.delta.fragment_id not in self._fragments)
        }  # fmt: skip

    async def _fail(self, reason: str) -> None:
        async with self._fresh:
            self.errors.append(f"{self.page}?{self.query}: {reason}")
            self._fresh.notify_all()

    def _start_timer(self, fragment: str, interval: float) -> None:
        if fragment in self._timers:
            if self._timers[fragment][0] == interval:
                return
            self._timers.pop(fragment)[1].cancel()

        async def tick() -> None:  # like setInterval: it does not wait for answers
            with contextlib.suppress(ConnectionClosed):  # the listener reports it
                while True:
                    await asyncio.sleep(interval)
                    await self._send(fragment)

        self._timers[fragment] = interval, asyncio.create_task(tick())

    def _stop_timers(self) -> None:
        for _interval, timer in self._timers.values():
            timer.cancel()
        self._timers = {}


def _key(name: str) -> str:
    """Return the key that the page gave a widget: what follows "$$ID-" and a digest in its id."""
    return name.split("-", 2)[-1]


def _first(kind: str, part: Any) -> WidgetState:
    """Return the state that a browser gives a widget when it draws it: what the server sets, else the default."""
    state = WidgetState(id=part.id)
    if kind == "slider" and part.options:
        state.string_array_value.data.extend(part.raw_value or [part.options[int(part.default[0])]])
    elif kind == "slider":
        state.double_array_value.data.extend(part.value if part.set_value else part.default)
    elif kind == "button_group":
        chosen = [part.options[i].content for i in part.default]
        state.string_array_value.data.extend(part.raw_values if part.set_value else chosen)
    elif kind == "selectbox":
        state.string_value = part.raw_value if part.set_value else part.options[part.default]
    else:
        value = part.value if part.set_value else part.default
        if kind == "checkbox":
            state.bool_value = value
        elif kind == "text_input":
            state.string_value = value
        elif part.data_type == part.INT:
            state.int_value = int(value)
        else:
            state.double_value = value
    return state


# -- what students do on a page: each changes one setting, and returns whether networks are trained for it


async def race(student: Browser, luck: random.Random) -> bool:
    """Change the starting point, the number of steps, a learning rate or the surface."""
    what = luck.choice(("start", "steps", "rate", "surface"))
    if what == "start":
        x, y = (float(number) for number in str(student.value("race en start")).split(","))
        await student.change("race en start", f"{x * luck.uniform(0.5, 1.1):.4g}, {y * luck.uniform(0.5, 1.1):.4g}")
    elif what == "rate":
        await _another(student, luck, luck.choice([key for key in student.elements if key.endswith(" lr")]))
    else:
        await _another(student, luck, f"race en {what}")
    return False


async def overfitting(student: Browser, luck: random.Random) -> bool:
    """Change dropout, the patience, the number of rows or the seed, which is in a collapsed panel."""
    what = luck.choice(("dropout", "patience", "rows", "seed"))
    if what == "seed" and "overfitting en seed" not in student.elements:
        await student.change("overfitting more", True)
        return False
    if what == "seed":
        await student.change("overfitting en seed", luck.randrange(10_000))
    else:
        await _another(student, luck, f"overfitting en {what}")
    return what != "patience"


async def lesson(student: Browser, luck: random.Random) -> bool:
    """Make a prediction; after that, change the patience."""
    choices = [key for key in student.elements if key.startswith("choice ")]
    if choices:
        await student.change(luck.choice(choices), True)
    else:
        await _another(student, luck, "overfitting en patience")
    return False


async def _another(student: Browser, luck: random.Random, key: str) -> None:
    """Set a slider or a selectbox to another value."""
    part, now = student.elements[key], student.value(key)
    if part.options:
        values = [option for option in part.options if option != now]
    else:
        steps = [part.min + i * part.step for i in range(round((part.max - part.min) / part.step) + 1)]
        values = [step for step in steps if abs(step - now) > part.step / 2]
    await student.change(key, luck.choice(values))


PAGES = {"race": race, "overfitting": overfitting}


# -- a class


class Timings:
    """Seconds that students waited; a wait that is not over at the next change counts up to that change."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.unseen = 0

    def note(self, began: float, shown: Shown | None) -> None:
        self.seconds.append((time.perf_counter() if shown is None else shown.at) - began)
        self.unseen += shown is None


class Class:
    """The measurements of all students.

    `opened` is the time to the first picture, `changed` from a change to its picture; `first` and `again` are the times
    to the first trained epoch, after opening and after a change that trains anew.
    """

    def __init__(self) -> None:
        self.files, self.opened, self.first, self.again = Timings(), Timings(), Timings(), Timings()
        self.changed: dict[str, Timings] = {page: Timings() for page in PAGES}
        self.errors: list[str] = []
        self.fetched = 0
        self.received = 0


Files = tuple[list[str], list[str]]  # addresses that a browser fetches before it connects, and after that
Act = Callable[[Browser, random.Random], Any]


async def study(students: Class, browser: Browser, act: Act, seconds: float, files: Files, seed: int,
                most: int | None = None) -> None:  # fmt: skip
    """Act as one student: open the page, and change a setting every few seconds until the end, or `most` times."""
    luck = random.Random(seed)
    end = time.perf_counter() + seconds
    await asyncio.sleep(luck.uniform(0, min(ARRIVAL, seconds / 2)))
    try:
        began = time.perf_counter()
        students.fetched += await asyncio.to_thread(fetch, browser.address, files[0])
        opened = time.perf_counter()
        await browser.open()
        students.opened.note(opened, shown := await browser.picture(lambda shown: True))
        if shown is None and not browser.errors:
            raise TimeoutError(f"no picture in {PATIENCE:g} s")
        students.fetched += await asyncio.to_thread(fetch, browser.address, files[1])
        if files[0]:
            students.files.note(began, None)
            students.files.unseen -= 1
        if browser.page == "overfitting":
            students.first.note(opened, await browser.picture(lambda shown: shown.last >= 1))
        while not browser.errors and most != 0:
            if most is None:
                pause = luck.uniform(*PAUSE)
                if time.perf_counter() + pause > end:
                    break
                await asyncio.sleep(pause)
            began = time.perf_counter()
            trains = await act(browser, luck)
            wait = PAUSE[0] if most is None else PATIENCE
            shown = await browser.picture(lambda shown: True, wait)
            students.changed[browser.page].note(began, shown)
            if trains and shown is not None:
                left = max(0.0, wait - (time.perf_counter() - began))
                students.again.note(began, await browser.picture(lambda shown: shown.last >= 1, left))
            most = None if most is None else most - 1
    except (OSError, LookupError, http.client.HTTPException, ConnectionClosed) as error:
        browser.errors.append(f"{browser.page}: {error!r}")
    students.errors += browser.errors
    students.received += browser.received


def fetch(address: str, files: list[str]) -> int:
    """Fetch files one after the other over one connection, compressed if the server does so; return their bytes."""
    if not files:
        return 0
    size = 0
    server = http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE)
    try:
        for file in files:
            server.request("GET", file, headers={"Accept-Encoding": "gzip, deflate, br"})
            answer = server.getresponse()
            size += len(answer.read())
            if answer.status != 200:
                raise http.client.HTTPException(f"{file}: {answer.status} {answer.reason}")
    finally:
        server.close()
    return size


def files_of(address: str, page: str) -> Files:
    """Return the files that a real browser with an empty cache fetches from the server for a page."""
    parts: Files = [], []
    connected = False

    def asked(url: str) -> None:
        if url.startswith(address) and "/_stcore/" not in url:
            parts[connected].append(url.removeprefix(address.rstrip("/")))

    def connects(_socket: object) -> None:
        nonlocal connected
        connected = True

    with sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.FLAGS))
        tab = program.new_page()
        tab.on("request", lambda request: asked(request.url))
        tab.on("websocket", connects)
        tab.goto(f"{address}{page}")
        tab.wait_for_selector(".dl-stage[data-ready]", timeout=1000 * PATIENCE)
        program.close()
    return parts


# -- the machine


def processes(parent: int) -> list[int]:
    """Return the ids of the child processes of a process."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            if int((place / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(place.name))
    return found


def web_process() -> int:
    """Return the id of the server process that this program has started."""
    return next(pid for pid in processes(os.getpid()) if b"streamlit" in Path(f"/proc/{pid}/cmdline").read_bytes())


def cpu(pids: Iterable[int]) -> float:
    """Return the processor time that processes have used, in seconds."""
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


def memory(pids: Iterable[int]) -> float:
    """Return the memory that processes use, in MB; what several share counts once (PSS)."""
    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
    return sum(int(rollup.partition("\nPss:")[2].split()[0]) for rollup in rollups) / 1000


# -- the report


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def report(what: str, timings: Timings, reach: float | None = None) -> None:
    if not timings.seconds:
        return
    middle, late = statistics.median(timings.seconds), percentile(timings.seconds, 0.95)
    met = "" if reach is None else f"  reach {reach:g} s: {'met' if late <= reach else 'MISSED'}"
    unseen = f", {timings.unseen} not before the next change" if timings.unseen else ""
    print(f"{what:<48}{middle:7.2f} s {late:7.2f} s  ({len(timings.seconds)}{unseen}){met}")


async def lecture(students: Class, browsers: list[Browser], acts: list[Act], seconds: float, files: dict[str, Files],
                  most: int | None = None) -> None:  # fmt: skip
    """Run all students at once. Their tabs stay open."""
    studies = [
        study(students, browser, act, seconds, files.get(browser.page, ([], [])), seed, most)
        for seed, (browser, act) in enumerate(zip(browsers, acts, strict=True))
    ]
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max(1, len(browsers))))
    await asyncio.gather(*studies)


async def alone(address: str, query: str) -> None:
    """Open Overfitting and wait until its networks are trained."""
    browser = Browser(address, "overfitting", query)
    await browser.open()
    if await browser.picture(lambda shown: not shown.live and shown.last == shown.total, 5 * PATIENCE) is None:
        raise RuntimeError(f"nothing was trained: {browser.errors}")
    await browser.close()


async def measure(address: str, log: Path, options: argparse.Namespace, files: dict[str, Files]) -> bool:
    """Simulate a class, print the measurements, and return whether there were no errors."""
    web = web_process()
    pages = ["race", "overfitting"] if options.page == "both" else [options.page]
    query, act, single = "", None, 0.0
    await alone(address, "seed=4710")  # the workers have to import what they need, and the first training is slower
    if options.same_lesson:
        pages, query, act = ["overfitting"], f"lesson={options.same_lesson}", lesson
        before = cpu(processes(web))
        await alone(address, f"{query}&seed=4711")
        single = cpu(processes(web)) - before
    browsers = [Browser(address, pages[i % len(pages)], query) for i in range(options.sessions)]
    if "race" in pages:  # what the server caches for all does not count as a session's memory
        first = Browser(address, "race")
        await first.open()
        await first.picture(lambda shown: True)
        await first.close()

    workers = processes(web)
    held, began = memory([web]), time.perf_counter()
    used = [cpu([web]), cpu(workers), time.process_time()]
    students = Class()
    await lecture(students, browsers, [act or PAGES[browser.page] for browser in browsers], options.seconds, files)
    seconds = time.perf_counter() - began
    used = [cpu([web]) - used[0], cpu(workers) - used[1], time.process_time() - used[2]]
    grown = memory([web]) - held
    if "Traceback" in (said := log.read_text()):
        students.errors.append(f"the server says: {said[said.index('Traceback') :][:3000]}")
    await asyncio.gather(*(browser.close() for browser in browsers))

    each = grown / len(browsers)
    print(f"{len(browsers)} browsers on {' and '.join(pages)} for {seconds:.0f} s; {os.cpu_count()} cores\n")
    print(f"{'':<48}{'median':>9} {'95 %':>9}")
    tell(students)
    print(f"\nweb process: {held:.0f} MB before, {held + grown:.0f} MB after, {each:.2f} MB per session"
          f"  reach 2 MB: {'met' if each <= 2 else 'MISSED'}; workers {memory(workers):.0f} MB")  # fmt: skip
    shares = [f"{name} {value / seconds:.2f}" for name, value in zip(("web", "workers", "browsers"), used, strict=True)]
    print(f"cores in use: {', '.join(shares)}")
    print(f"sent: {students.received / len(browsers) / 1e6:.1f} MB per session over its connection"
          f", {students.fetched / len(browsers) / 1e6:.1f} MB of files")  # fmt: skip
    if options.same_lesson:
        print(f"trainings: the workers took {used[1]:.1f} s, and {single:.1f} s for one student alone: "
              f"{used[1] / single:.1f} trainings")  # fmt: skip
    print(f"errors: {len(students.errors)}", *students.errors[:10], sep="\n  ")
    return not students.errors


def tell(students: Class) -> None:
    """Print how long students waited."""
    report("all files of the page fetched", students.files)
    report("from connecting to the first picture", students.opened)
    for page, timings in students.changed.items():
        report(f"{page}: from a change to its picture", timings, 1.0 if page == "race" else None)
    report("overfitting: from connecting to the first epoch", students.first, 3.0)
    report("overfitting: from a change to the first epoch", students.again, 3.0)


def main() -> None:
    here = next((key for key, found in lessons.lessons().items() if found.page == "overfitting"), None)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--page", choices=(*PAGES, "both"), default="both")
    parser.add_argument("--same-lesson", nargs="?", const=here or "", metavar="LESSON", help="of the page Overfitting")
    parser.add_argument("--no-files", action="store_true", help="leave out what browsers fetch once")
    options = parser.parse_args()
    if options.same_lesson == "":
        parser.error("there is no lesson on the page Overfitting")
    with tempfile.TemporaryDirectory() as logs:
        log = Path(logs) / "log"
        with serve(log) as address:
            needed = ("overfitting",) if options.same_lesson else PAGES if options.page == "both" else (options.page,)
            files = {} if options.no_files else {page: files_of(address, page) for page in needed}
            fine = asyncio.run(measure(address, log, options, files))
    raise SystemExit(not fine)


if __name__ == "__main__":
    main()
