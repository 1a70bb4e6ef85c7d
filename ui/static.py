"""Files for the browser: Streamlit serves them from the static folder only, so they are copied there."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from pathlib import Path

STATIC = Path(__file__).parents[1] / "static"


def publish(source: Path, name: str = "") -> str:
    """Copy a file, or a folder with what is in it, to the static folder; return its address below the app's.

    It is called `name`, or as it was, with a digest of the content, so a browser's cache is never stale. Raises OSError
    when it cannot be written.
    """
    first, _dot, ending = (name or source.name).partition(".")
    target = STATIC / f"{first}-{_digest(source)}{_dot}{ending}"
    if not target.exists():
        _appear(source, target)
    return f"app/static/{target.name}"


def _digest(source: Path) -> str:
    """Return ten hexadecimal digits that name a file's content, or the names and contents of a folder."""
    digest = hashlib.sha256()
    for file in sorted(source.rglob("*")) if source.is_dir() else [source]:
        if file.is_file():
            digest.update(file.relative_to(source.parent).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:10]


def _appear(source: Path, target: Path) -> None:
    """Copy all at once: several servers may start together, and none may see half of it."""
    STATIC.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=STATIC) as near:
        whole = Path(near) / target.name
        if source.is_dir():
            shutil.copytree(source, whole)
            whole.chmod(0o755)  # a folder that is copied from where nothing can be written could not be moved
        else:
            shutil.copyfile(source, whole)
        with contextlib.suppress(OSError):  # another server was first
            whole.rename(target)
    if not target.exists():
        raise OSError(f"cannot write {target}")
