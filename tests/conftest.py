"""What all tests share: hypothesis without luck or clock, pages run without a browser, and a server with one.

A browser is needed, see `harness.browser`. Without one the tests that need it fail, and say so; a suite that skips what
it cannot see would call a broken picture sound.
"""

from __future__ import annotations

# First of all: it settles the arithmetic of torch, which looks for that once, before it computes anything.
import networks  # noqa: F401

# isort: split

import functools
import json
import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import hypothesis
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    WebSocket,
    expect,
    sync_playwright,
)
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest, app_test
from xdist.scheduler import LoadScopeScheduling

import runs
from harness import browser as chromium
from harness.server import ROOT, serve
from runs.pool import Pool, Run

HARMLESS = re.compile(r"/\w+/_stcore/(health|host-config)")  # where Streamlit looks first when the link is a deep one

hypothesis.settings.register_profile("descent-lab", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.load_profile("descent-lab")

# What a test uses, directly or through another fixture, that opens a browser, or starts a server or a proxy, which is
# as slow and asks as much of a machine. (`page` is not among them: some tests have a parameter of this name.)
OPENED = {"playwright", "server", "fresh", "site"}
# A file that says so has something that takes long to make; one process runs all its tests, instead of each making it.
SHARED = re.compile(r"\bplaywright\b|scope=\"module\"")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--all-arithmetics", action="store_true", help="also in the other precision and with other seeds: slow"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a browser, and let long ones come first: the other cores would wait for a late one."""
    for item in items:
        if OPENED & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")
    items.sort(key=lambda item: item.get_closest_marker("heavy") is None)


class Shares(LoadScopeScheduling):
    """What a process takes next: a file whose tests share something, the largest first, then one test at a time.

    (The groups that xdist has for that do nothing with pytest 9.2: issue 1386 of pytest-dev/pytest-xdist.)
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _sep, _test = nodeid.partition("::")
        return file if self._shared(self.config.rootpath / file) else nodeid

    @staticmethod
    @functools.cache
    def _shared(file: Path) -> bool:
        return bool(SHARED.search(file.read_text(encoding="utf-8")))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Shares | None:
    """Share the tests out over the processes in this way with `--dist loadscope`."""
    return Shares(config, log) if config.getvalue("dist") == "loadscope" else None


@pytest.fixture(scope="session")
def all_arithmetics(request: pytest.FixtureRequest) -> bool:
    """Whether to try the other precision and other seeds too."""
    return bool(request.config.getoption("--all-arithmetics"))


PATIENCE = 90.0  # seconds that a test waits for something before it gives up; a machine may be very busy

# -- pages without a browser

# A test looks at a page's session from outside of the page's run; Streamlit would remark on that each time.
logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").setLevel(logging.ERROR)


# What Streamlit does at each visit of a test, and a server but once: it reads what all installed packages say of
# themselves, to find components that they may bring (which takes ten times as long as the page), and compiles the page.
manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)
app_test.ScriptCache = functools.cache(app_test.ScriptCache)


def visit(page: str, *, lang: str = "en", query: dict[str, list[str]] | None = None) -> AppTest:
    """Open a page of the app as a link does, and run it once; `page` is its file's name without the ending."""
    tested = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    tested.session_state["lang"] = lang
    tested.query_params.update(query or {})
    tested.switch_page(f"pages/{page}.py")
    return tested.run()


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody works and nobody waits: pages stand as before the first point of a training.

    What comes of a training is another test's matter; without this every visit would keep the cores busy for a lease.
    """
    with Pool(0) as pool:
        monkeypatch.setattr(runs, "_pool", pool)
        monkeypatch.setattr(Run, "wait", lambda run, timeout=None, since=None, who="": run.look(who))
        yield


# -- a browser

expect.set_options(timeout=1000 * PATIENCE)
SCREEN = {"viewport", "color_scheme", "reduced_motion"}  # settings of a reader that can change from tab to tab


@pytest.fixture(scope="session")
def program() -> str:
    """The path of the browser."""
    found = chromium.find()
    if found is None:
        pytest.fail("These tests need a browser: `python -m harness.browser` finds or installs one.")
    return found


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright, program: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=program, args=list(chromium.FLAGS))
    yield browser
    browser.close()


class Readers:
    """The readers whose tabs tests open; each remembers nothing of the last but the programs that were loaded.

    A reader has a profile on disk: only there does Chromium keep what it has compiled, which halves what a visit costs.
    Readers who differ in their screen or theme share one.
    """

    def __init__(self, playwright: Playwright, program: str, folder: Path) -> None:
        self.playwright = playwright
        self.program = program
        self.folder = folder
        self.profiles: dict[str, BrowserContext] = {}
        self.origins: set[str] = set()

    def tab(self, reader: dict[str, Any]) -> Page:
        page = self.blank({name: value for name, value in reader.items() if name not in SCREEN}).new_page()
        page.set_viewport_size(reader["viewport"])
        page.emulate_media(
            color_scheme=reader.get("color_scheme", "light"),
            reduced_motion=reader["reduced_motion"],
        )
        return page

    def blank(self, settings: Mapping[str, Any] = MappingProxyType({"locale": "en-US"})) -> BrowserContext:
        """Return the profile of such readers, which remembers nothing."""
        context = self.profile(settings)
        context.clear_cookies()
        session = context.new_cdp_session(context.pages[0])
        for origin in self.origins:
            session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "local_storage,indexeddb"})
        session.detach()
        return context

    def profile(self, settings: Mapping[str, Any]) -> BrowserContext:
        name = json.dumps(dict(settings), sort_keys=True)
        if name not in self.profiles:
            self.profiles[name] = self.playwright.chromium.launch_persistent_context(
                self.folder / str(len(self.profiles)),
                executable_path=self.program,
                args=list(chromium.FLAGS),
                **settings,
            )
            self.profiles[name].set_default_timeout(1000 * PATIENCE)
        return self.profiles[name]

    def leave(self) -> None:
        for context in self.profiles.values():
            context.close()


@pytest.fixture(scope="session")
def readers(playwright: Playwright, program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readers]:
    readers = Readers(playwright, program, tmp_path_factory.mktemp("profiles"))
    yield readers
    readers.leave()


@pytest.fixture
def page(readers: Readers, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A tab that must stay quiet: no error in its console, nothing fetched from anywhere but the server it shows.

    `@reader(locale="ko-KR")` makes it another reader's: a language, a screen, a theme. Unless the test is about playing
    (`PLAYS`), nothing plays by itself: an animation that nobody looks at would keep a core busy.
    """
    usual = {"locale": "en-US", "viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
    reader = usual | getattr(request, "param", {})
    page = readers.tab(reader)
    wrong: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and not HARMLESS.fullmatch(urlsplit(message.location["url"]).path):
            wrong.append(f"console: {message.text} {message.location['url']}")

    def asked(address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            wrong.append(f"outside the server: {address}")
        elif parts.scheme == "http":
            readers.origins.add(f"http://{parts.netloc}")

    def failed(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a page that is left gives up what it was loading
            wrong.append(f"failed: {request.url} {request.failure}")

    def socket_asked(socket: WebSocket) -> None:
        asked(socket.url)

    page.on("console", said)
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("request", lambda request: asked(request.url))
    page.on("requestfailed", failed)
    page.on("websocket", socket_asked)
    yield page
    page.close()
    assert not wrong


def reader(**settings: Any) -> pytest.MarkDecorator:
    """Open the test's tab with settings of `Browser.new_context`."""
    return pytest.mark.parametrize("page", [settings], indirect=True, ids=[" ".join(map(str, settings.values()))])


PLAYS: dict[str, Any] = {"reduced_motion": "no-preference"}  # of a reader for whom pictures play by themselves


# -- a server


class Server(NamedTuple):
    """A running Descent Lab: its address, ending in a slash, and what it logs."""

    address: str
    log: Path


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The one server that most browser tests share, as visitors do."""
    log = tmp_path_factory.mktemp("server") / "log"
    with serve(log) as address:
        yield Server(address, log)


@pytest.fixture
def app(server: Server) -> Iterator[str]:
    """The address of the shared server; it must not log a traceback while the test runs."""
    before = len(server.log.read_text())
    yield server.address
    assert "Traceback" not in server.log.read_text()[before:]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[str]:
    """The address of a server nobody has asked anything yet."""
    log = tmp_path / "log"
    with serve(log) as address:
        yield address
    assert "Traceback" not in log.read_text()
