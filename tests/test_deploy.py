"""The deployment, as far as it goes without containers: the start command of the Dockerfile, alone with the files that
the image would have, as a user with no rights, behind nginx with deploy/nginx.conf."""

from __future__ import annotations

import functools
import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from conftest import Readers
from playwright.sync_api import Page, expect

from deploy.__main__ import unwritable
from harness.browser import find_proxy
from harness.server import ROOT

DEPLOY = ROOT / "deploy"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
READING = [f"--{what}=-all,+dac_read_search" for what in ("inh-caps", "ambient-caps", "bounding-set")]
ENOUGH = 120.0  # seconds for a start, or for its end


# -- what the image would be


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile's last stage, in order."""
    text = re.sub(r"\\\n", " ", (DEPLOY / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found = [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines]
    last = max(i for i, (word, _rest) in enumerate(found) if word == "FROM")
    return found[last:]


def instruction(word: str) -> str:
    return next(rest for name, rest in instructions() if name == word)


def shipped() -> list[Path]:
    """The tracked files that .dockerignore lets into the image."""
    lines = (ROOT / ".dockerignore").read_text().split("\n")
    patterns = [line for line in lines if line and not line.startswith("#")]
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    tracked = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")

    def ignored(path: Path) -> bool:
        return any(fnmatch(str(part), pattern.removeprefix("**/")) for pattern in patterns
                   for part in ([path, *path.parents] if "**" not in pattern else map(Path, path.parts)))  # fmt: skip

    return [Path(name) for name in tracked if (ROOT / name).is_file() and not ignored(Path(name))]


def test_the_image_holds_the_app_and_nothing_else() -> None:
    folders = {path.parts[0] for path in shipped()}
    assert {"app.py", ".streamlit", "pages", "locale", "lessons", "requirements.txt", "deploy"} <= folders
    assert not {"tests", "docs", "tools", "benchmarks", ".git", "static", "README.md", "pyproject.toml"} & folders


def on_port(command: str, port: int) -> list[str]:
    """A command of the Dockerfile with this Python, and with this port in place of its own."""
    program, *words = json.loads(command)
    assert program == "python"
    return [sys.executable, *(word.replace("8501", str(port)) for word in words)]


# -- one server behind one proxy


class Site(NamedTuple):
    """A running deployment: the proxy's address, ending in a slash, the app's port, process, folder, files and log."""

    address: str
    port: int
    process: int
    app: Path
    files: frozenset[Path]
    log: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@functools.cache
def as_nobody() -> tuple[str, ...]:
    """What makes a command another user's, who owns nothing, if these tests are run by root.

    Where root keeps the environment from others, as in a home of its own, that user may read everything, write nothing.
    """
    if os.geteuid() != 0:
        return ()
    again = [sys.executable, "-c", "import os, sys; os.execl(sys.executable, sys.executable, '--version')"]
    for prefix in (NOBODY, [*NOBODY, *READING]):
        if subprocess.run([*prefix, *again], capture_output=True, check=False).returncode == 0:
            return tuple(prefix)
    pytest.fail(f"No user but root can start {sys.executable}.")


@contextmanager
def running(command: list[str], log: Path, **how: Any) -> Iterator[subprocess.Popen[bytes]]:
    command = [*as_nobody(), *command]
    with log.open("w") as file, subprocess.Popen(command, stdout=file, stderr=file, **how) as process:
        try:
            yield process
        finally:
            process.terminate()


def healthy(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + ENOUGH
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}_stcore/health") as answer:
                assert answer.read() == b"ok"
                return
        except urllib.error.URLError:
            time.sleep(0.05)
    pytest.fail(f"it did not start: {log.read_text()}")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    nginx = find_proxy()
    if nginx is None:
        pytest.fail("The deployment is tested behind nginx: `python -m harness.browser --tests` installs it.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        app = folder / "app"
        files = copied(app)
        work = folder / "work"  # where logs go and nginx writes
        work.mkdir()
        work.chmod(0o777)
        inner, outer = free_port(), free_port()
        address, behind = f"http://127.0.0.1:{outer}/", f"http://127.0.0.1:{inner}/"
        config = (DEPLOY / "nginx.conf").read_text().replace("app:8501", f"127.0.0.1:{inner}")
        config = config.replace("listen 8080", f"listen 127.0.0.1:{outer}").replace("/tmp/", f"{work}/")
        (folder / "nginx.conf").write_text(config)
        command = on_port(instruction("CMD"), inner)
        environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **variables()}
        log = folder / "log"
        proxy = [nginx, "-c", str(folder / "nginx.conf"), "-p", str(work), "-g", "daemon off;"]
        with (
            running(command, log, cwd=app, env=environment) as process,
            running(proxy, folder / "nginx.log", cwd=work) as nginx_process,
        ):
            healthy(behind, process, log)
            healthy(address, nginx_process, folder / "nginx.log")
            yield Site(address, inner, process.pid, app, files, log)
        for place in [app, *app.rglob("*")]:
            place.chmod(0o777)  # else it could not be deleted


def copied(target: Path) -> frozenset[Path]:
    """Lay out the image's files, none of which may be written, and return them."""
    (target / "static").mkdir(parents=True)
    files = frozenset(shipped())
    for path in files:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target / path)
    for place in [target, *target.rglob("*")]:
        place.chmod(0o555 if place.is_dir() else 0o444)
    (target / "static").chmod(0o777)
    return files


def variables() -> dict[str, str]:
    """The environment of the Dockerfile but for its PATH, and the settings for a class."""
    words = " ".join(rest for name, rest in instructions() if name == "ENV").split()
    lines = [line for line in (DEPLOY / "class.env").read_text().splitlines() if line and not line.startswith("#")]
    return {name: value for name, _, value in (word.partition("=") for word in (*words, *lines)) if name != "PATH"}


# -- what it does


def fetched(address: str, encoding: str = "identity") -> tuple[dict[str, str], bytes]:
    request = urllib.request.Request(address, headers={"Accept-Encoding": encoding})
    with urllib.request.urlopen(request) as answer:
        return {name.lower(): value for name, value in answer.headers.items()}, answer.read()


class Visit(NamedTuple):
    """What one visit to a page asked for, and said in its notice."""

    requests: list[str]
    sockets: list[str]
    notice: str


@pytest.fixture(scope="module")
def visit(site: Site, readers: Readers) -> Iterator[Visit]:
    """A visit through the proxy, to a race with more steps than the class may take."""
    with readers.blank().new_page() as page:
        page.emulate_media(reduced_motion="reduce")
        requests: list[str] = []
        sockets: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("websocket", lambda socket: sockets.append(socket.url))
        page.goto(f"{site.address}race?steps=2000")
        page.locator(".dl-canvas").first.wait_for()
        yield Visit(requests, sockets, page.get_by_test_id("stAlert").first.inner_text())


def test_a_page_opens_through_the_proxy_with_the_limits_of_the_class(site: Site, visit: Visit) -> None:
    assert visit.notice.split("\n")[-1] == "Steps: this server allows at most 1000, not 2000."
    assert visit.sockets == [site.address.replace("http", "ws") + "_stcore/stream"]
    assert all(address.startswith((site.address, "data:", "blob:")) for address in visit.requests)
    assert "Traceback" not in site.log.read_text()


def test_it_has_no_rights_and_writes_to_static_alone(site: Site, visit: Visit) -> None:
    status = dict(re.findall(r"(\w+):\s*(.*)", Path(f"/proc/{site.process}/status").read_text()))
    assert "0" not in status["Uid"].split()
    assert int(status["CapEff"], 16) in (0, 1 << 2), "at most the right to read"
    there = {path.relative_to(site.app) for path in site.app.rglob("*") if path.is_file()}
    assert {path for path in there if path.parts[0] != "static"} == site.files
    assert {path for path in there if path.parts[0] == "static"}


def test_what_the_proxy_hands_out_is_compressed_and_kept(visit: Visit) -> None:
    plotly = next(address for address in visit.requests if "plotly" in address)
    for address in (plotly, next(address for address in visit.requests if "/static/js/index" in address)):
        headers, packed = fetched(address, "gzip")
        plain = fetched(address)[1]
        assert headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed) == plain
        assert len(packed) < 0.4 * len(plain)
        assert "immutable" in headers["cache-control"]
        assert "max-age=31536000" in headers["cache-control"]
    assert fetched(plotly, "gzip")[0]["x-cache-status"] == "HIT", "a class costs the app one compression"


def test_the_proxy_s_headers_protect_pages_and_files(site: Site, visit: Visit) -> None:
    file = next(address for address in visit.requests if "/app/static/" in address)
    for address in (site.address, f"{site.address}race", f"{site.address}_stcore/health", file):
        headers = fetched(address)[0]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("frame-ancestors")


def test_metrics_are_for_those_who_run_the_server(site: Site) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetched(f"{site.address}_stcore/metrics")
    assert fetched(f"http://127.0.0.1:{site.port}/_stcore/metrics")[1]


@pytest.mark.parametrize(("scheme", "secure"), [("https", True), ("http", False)])
def test_the_cookie_is_secure_behind_https(site: Site, scheme: str, secure: bool) -> None:
    request = urllib.request.Request(f"{site.address}_stcore/health", headers={"X-Forwarded-Proto": scheme})
    with urllib.request.urlopen(request) as answer:
        cookies = answer.headers.get_all("Set-Cookie") or []
    assert cookies
    assert all(("secure" in cookie.lower().split("; ")) == secure for cookie in cookies)


def test_a_static_folder_that_cannot_be_written_is_named_at_the_start(tmp_path: Path) -> None:
    assert unwritable(tmp_path / "static") == ""
    assert list((tmp_path / "static").iterdir()) == []
    (tmp_path / "file").write_text("")
    assert unwritable(tmp_path / "file")
    assert unwritable(tmp_path / "missing" / "static")


def test_an_upload_above_the_limit_is_refused_in_a_sentence(site: Site, page: Page) -> None:
    page.goto(f"{site.address}compare?epochs=1")
    page.get_by_role("button", name="Your own table").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("CSV file, at most 2 MB and 20,000 rows")).to_be_visible()
    table = {"name": "large.csv", "mimeType": "text/csv", "buffer": b"a,b\n" + b"1,2\n" * 800_000}
    dialog.locator("input[type=file]").set_input_files([table])  # type: ignore[list-item]
    expect(dialog.get_by_text("File must be 2.0MB or smaller.")).to_be_visible()


def test_the_proxy_takes_no_more_than_a_table_needs(site: Site) -> None:
    upload = urllib.request.Request(f"{site.address}_stcore/upload_file/a/b", data=bytes(7_000_000), method="PUT")
    with pytest.raises(urllib.error.HTTPError, match="413"):
        urllib.request.urlopen(upload)


def test_the_health_check_tells_a_server_that_runs(site: Site) -> None:
    def status(port: int) -> int:
        check = on_port(instruction("HEALTHCHECK").split("CMD", 1)[1], port)
        return subprocess.run(check, stderr=subprocess.DEVNULL, check=False).returncode

    assert status(site.port) == 0
    assert status(free_port()) != 0


# -- what it refuses


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DESCENT_LAB_EPOCHS", "many", "DESCENT_LAB_EPOCHS must be a whole number from 1000 to 20000, not many."),
        ("DESCENT_LAB_EPOCH", "2000", "Descent Lab has no setting DESCENT_LAB_EPOCH; docs/hosting.md lists"),
        (
            "DESCENT_LAB_LANGUAGES",
            "ko,xx",
            "DESCENT_LAB_LANGUAGES must list languages from en, ko, separated by commas",
        ),
    ],
)
def test_a_wrong_setting_ends_the_start_with_a_sentence(name: str, value: str, sentence: str) -> None:
    command = on_port(instruction("CMD"), 8501)
    environment = {"PATH": os.environ["PATH"], name: value}
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=ENOUGH
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith(sentence)
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""


def test_a_wrong_setting_ends_a_plain_start_at_the_first_visit(tmp_path: Path) -> None:
    """`streamlit run app.py` reads the app when it is first asked for a page, in a thread."""
    code = "import threading, time; t = threading.Thread(target=lambda: __import__('spec.limits').limits.allowed()); "
    code += "t.start(); time.sleep(600)"
    environment = {"PATH": os.environ["PATH"], "DESCENT_LAB_ROWS": "-1"}
    command = [sys.executable, "-c", code]
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=ENOUGH
    )
    assert ended.returncode == 1
    assert ended.stderr == "DESCENT_LAB_ROWS must be a whole number from 1000 to 50000, not -1.\n"


def test_the_service_without_containers_starts_as_the_image_does() -> None:
    service = (DEPLOY / "descent-lab.service").read_text()
    start = re.search(r"^ExecStart=\S+ (.*)", service, re.MULTILINE)
    assert start is not None
    image = json.loads(instruction("CMD"))
    assert start[1].split() == [word.replace("0.0.0.0", "127.0.0.1") for word in image[1:]]
    assert instruction("USER") not in ("root", "0")
    assert "User=descent" in service
