"""Start Descent Lab as a server: check the settings in the environment first, then run Streamlit.

    DESCENT_LAB_EPOCHS=2000 python -m deploy --server.port 8501

The arguments are passed to `streamlit run`. An invalid setting ends it at once, with a message and exit code 1.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path

from spec.limits import PREFIX, Limits, allowed, variable

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "static"
ROOM = 8 * 2**20  # bytes: a little more than the files for the browser need


def unknown(names: Iterable[str]) -> list[str]:
    """Return the environment variables that begin like Descent Lab's settings but are none of them."""
    known = {variable(one.name) for one in fields(Limits)}
    return sorted(name for name in names if name.startswith(PREFIX) and name not in known)


def command(arguments: Sequence[str]) -> list[str]:
    """Return the command that serves the app; `arguments` come last, so they override the options before."""
    return [
        sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.headless", "true",
        "--server.maxUploadSize", str(allowed().upload),
        "--browser.serverAddress", "localhost",  # else Streamlit asks an external server for this machine's address
        *arguments,
    ]  # fmt: skip


def unwritable(folder: Path) -> str:
    """Return why a folder, which is created if it is missing, is not writable; an empty text if it is."""
    try:
        folder.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(bytes(ROOM))
    except OSError as error:
        return error.strerror or str(error)
    return ""


def main() -> None:
    """Check the settings and replace this process by the server."""
    if reason := unwritable(STATIC):
        sys.exit(
            f"Descent Lab cannot write its browser files to {STATIC}: {reason}. docs/hosting.md says what it needs."
        )
    if misspelt := unknown(os.environ):
        sys.exit(f"Descent Lab has no setting {', '.join(misspelt)}; docs/hosting.md lists those it has.")
    arguments = command(sys.argv[1:])
    os.chdir(ROOT)  # Streamlit looks for .streamlit/config.toml here
    os.execv(arguments[0], arguments)


if __name__ == "__main__":
    main()
