"""Start Descent Lab as a server: look through the environment's settings first, then become Streamlit.

    DESCENT_LAB_EPOCHS=2000 python -m deploy --server.port 8501

What follows goes to `streamlit run`. A setting that cannot be used ends it at once, with a sentence and exit code 1.
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
ROOM = 8 * 2**20  # bytes that the files for the browser take, and some more


def unknown(names: Iterable[str]) -> list[str]:
    """Return those of the variables that are meant for Descent Lab, but which it does not know."""
    known = {variable(one.name) for one in fields(Limits)}
    return sorted(name for name in names if name.startswith(PREFIX) and name not in known)


def command(arguments: Sequence[str]) -> list[str]:
    """Return the command that serves the app; `arguments` come last, and so overrule."""
    return [
        sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.headless", "true",
        "--server.maxUploadSize", str(allowed().upload),
        "--browser.serverAddress", "localhost",  # else Streamlit asks a server outside for the machine's address
        *arguments,
    ]  # fmt: skip


def unwritable(folder: Path) -> str:
    """Return why files cannot be put into a folder, which is made if it is not there; nothing where they can."""
    try:
        folder.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(bytes(ROOM))
    except OSError as error:
        return error.strerror or str(error)
    return ""


def main() -> None:
    """Become the server."""
    if reason := unwritable(STATIC):
        sys.exit(
            f"Descent Lab cannot write its browser files to {STATIC}: {reason}. docs/hosting.md says what it needs."
        )
    if misspelt := unknown(os.environ):
        sys.exit(f"Descent Lab has no setting {', '.join(misspelt)}; docs/hosting.md lists those it has.")
    arguments = command(sys.argv[1:])
    os.chdir(ROOT)  # where .streamlit/config.toml is looked for
    os.execv(arguments[0], arguments)


if __name__ == "__main__":
    main()
