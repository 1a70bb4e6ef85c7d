"""The deployment, as far as it goes without containers: the start command of the Dockerfile, alone with the files that
the image would have, as a user with no rights, behind nginx with deploy/nginx.conf."""

from __future__ import annotations

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
from playwright.sync_api import Page, expect

from tools.server import ROOT

DEPLOY = ROOT / "deploy"
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
ENOUGH = 60.0


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
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    tracked = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()

    def ignored(path: Path) -> bool:
        return any(fnmatch(str(part), pattern.removeprefix("**/")) for pattern in patterns
                   for part in ([path, *path.parents] if "**" not in pattern else map(Path, path.parts)))  # fmt: skip

    return [Path(name) for name in tracked if not ignored(Path(name)) and (ROOT / name).is_file()]


def test_the_image_holds_the_app_and_nothing_else() -> None:
    folders = {path.parts[0] for path in shipped()}
    assert {"app.py", ".streamlit", "pages", "locale", "lessons", "requirements.txt", "deploy"} <= folders
    assert not {"tests", "docs", "tools", "benchmarks", ".git", "static", "README.md", "pyproject.toml"} & folders


# -- one server behind one proxy


class Site(NamedTuple):
    """A running deployment: the proxy's address, ending in a slash, the app's own, its process and its folder."""

    address: str
    app: str
    process: int
    folder: Path
    log: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(command: list[str], log: Path, **how: Any) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("w") as file, subprocess.Popen(command, stdout=file, stderr=file, **NOBODY, **how) as process:
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
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        pytest.fail("The deployment is tested behind nginx: `python -m tools.browser` installs it.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        app = copied(folder / "app")
        work = folder / "work"  # where logs go and nginx writes
        work.mkdir()
        if NOBODY:
            os.chown(work, 65534, 65534)
        inner, outer = free_port(), free_port()
        address, behind = f"http://127.0.0.1:{outer}/", f"http://127.0.0.1:{inner}/"
        config = (DEPLOY / "nginx.conf").read_text().replace("app:8501", f"127.0.0.1:{inner}")
        config = config.replace("listen 8080", f"listen 127.0.0.1:{outer}").replace("/tmp/", f"{work}/")
        (folder / "nginx.conf").write_text(config)
        command = [word.replace("8501", str(inner)) for word in json.loads(instruction("CMD"))]
        environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": "/nonexistent", **variables()}
        log = folder / "log"
        proxy = [nginx, "-c", str(folder / "nginx.conf"), "-p", str(work), "-g", "daemon off;"]
        with (
            running(command, log, cwd=app, env=environment) as process,
            running(proxy, folder / "nginx.log", cwd=work) as nginx_process,
        ):
            healthy(behind, process, log)
            healthy(address, nginx_process, folder / "nginx.log")
            yield Site(address, behind, process.pid, folder, log)


def copied(target: Path) -> Path:
    """Lay out the image's files, which belong to another user than the one that serves them."""
    for path in shipped():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target / path)
    static = target / "static"
    static.mkdir()
    if NOBODY:
        os.chown(static, 65534, 65534)
    else:  # one's own files, but not to be written
        for place in [target, *target.rglob("*")]:
            if place != static:
                place.chmod(0o555 if place.is_dir() else 0o444)
    return target


def variables() -> dict[str, str]:
    """The environment of the Dockerfile but for its PATH, and the settings for a class."""
    words = " ".join(rest for name, rest in instructions() if name == "ENV").split()
    lines = [line for line in (DEPLOY / "class.env").read_text().splitlines() if line and not line.startswith("#")]
    return {name: value for name, _, value in (word.partition("=") for word in (*words, *lines)) if name != "PATH"}
