"""Files for the browser, copied to the static folder because Streamlit serves no other."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from pathlib import Path

STATIC = Path(__file__).parents[1] / "static"


def publish(source: Path, name: str = "") -> str:
    """Copy a file or a folder to the static folder; return its address relative to the app's.

    Its name is `name`, by default the original name, plus a digest of the content, so that a browser's cache is never
    stale. Raises OSError if it cannot be written.
    """
    first, _dot, ending = (name or source.name).partition(".")
    target = STATIC / f"{first}-{_digest(source)}{_dot}{ending}"
    if not target.exists():
        _appear(source, target)
    return f"app/static/{target.name}"


def _digest(source: Path) -> str:
    """Return a digest of ten hexadecimal digits of a file's content, or of a folder's file names and contents."""
    digest = hashlib.sha256()
    for file in sorted(source.rglob("*")) if source.is_dir() else [source]:
        if file.is_file():
            digest.update(file.relative_to(source.parent).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:10]


def _appear(source: Path, target: Path) -> None:
    """Copy atomically: several servers may start at once, and none may see an incomplete copy."""
    STATIC.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=STATIC) as near:
        whole = Path(near) / target.name
        if source.is_dir():
            shutil.copytree(source, whole)
            whole.chmod(0o755)  # a copy of a read-only folder could not be renamed
        else:
            shutil.copyfile(source, whole)
        with contextlib.suppress(OSError):  # another server has made the same copy
            whole.rename(target)
    if not target.exists():
        raise OSError(f"cannot write {target}")
