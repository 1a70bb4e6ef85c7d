"""Start the app on a free port, for tests, screenshots and benchmarks."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
START = 120.0  # seconds for the server to answer


@contextmanager
def serve(log: Path, port: int = 0) -> Iterator[str]:
    """Start the app as a user does, yield its address once it answers, and end it afterwards.

    Without a port it takes a free one. The server's output is written to `log`. Raises RuntimeError, with the log, if
    it does not start.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true",
        "--server.address", "127.0.0.1", "--server.port", str(port),
    ]  # fmt: skip
    address = f"http://127.0.0.1:{port}/"
    with log.open("w") as file, subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file) as process:
        try:
            if not _healthy(address, process):
                raise RuntimeError(f"the server did not start:\n{log.read_text()}")
            yield address
        finally:
            process.terminate()


def _healthy(address: str, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}_stcore/health") as answer:
                return answer.read() == b"ok"
        except urllib.error.URLError:
            time.sleep(0.02)
    return False
