"""Make the thumbnails of the lessons that Home shows: `python -m tools.thumbnails`.

Only those are made that are missing or were made from other settings; `--all` makes all of them, which is needed if the
pictures themselves have changed. lessons/thumbnails/record.json records the settings of each.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path

from PIL import Image

import lessons
from harness.server import serve
from lessons import Lesson
from slides.addresses import addresses
from slides.studio import studio
from spec import Refused

FOLDER = lessons.FOLDER / "thumbnails"
RECORD = FOLDER / "record.json"
MODES = ("light", "dark")
SIZE = (480, 300)
FINER = 2  # drawn this many times larger and then reduced, so that thin lines remain visible
HEAVIEST = 12_000  # bytes of a thumbnail
OPTIONS = {
    "format": "png", "width": FINER * SIZE[0], "height": FINER * SIZE[1], "title": False, "caption": False,
    "table": False,
}  # fmt: skip


def file(lesson: Lesson, mode: str) -> Path:
    """Return the path of a lesson's thumbnail, whether it exists or not."""
    return FOLDER / f"{lesson.key}-{mode}.webp"


def made_from(lesson: Lesson) -> str:
    """Return the page and settings that a lesson's thumbnail shows."""
    return f"{lesson.page}?{lesson.settings}"


def record() -> dict[str, str]:
    """Return the page and settings of each existing thumbnail, by lesson."""
    return json.loads(RECORD.read_text()) if RECORD.exists() else {}


def stale() -> list[Lesson]:
    """Return the lessons whose thumbnails are missing, or were made from other settings."""
    before = record()
    return [
        lesson for key, lesson in lessons.lessons().items()
        if before.get(key) != made_from(lesson) or not all(file(lesson, mode).exists() for mode in MODES)
    ]  # fmt: skip


def small(png: bytes, quality: int = 90) -> bytes:
    """Return a picture as WebP of the thumbnails' size, in the best quality that their file size allows."""
    picture = Image.open(io.BytesIO(png)).convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)
    content = io.BytesIO()
    picture.save(content, "WEBP", quality=quality, method=6)
    return content.getvalue() if content.tell() <= HEAVIEST or quality <= 10 else small(png, quality - 10)


def take(wanted: list[Lesson], server: str) -> int:
    """Make the thumbnails of these lessons from a running app; print their sizes, and return how many failed."""
    failed = 0
    with studio(server) as shop:
        for lesson in wanted:
            (address,) = addresses([lesson.key])
            try:
                with shop.opened(address) as opened:
                    for mode in MODES:
                        file(lesson, mode).write_bytes(small(opened.save({**OPTIONS, "mode": mode})))
            except Refused as refusal:
                failed += 1
                print(refusal, flush=True)
                continue
            note(record() | {lesson.key: made_from(lesson)})
            weights = ", ".join(f"{file(lesson, mode).stat().st_size / 1000:.0f} kB {mode}" for mode in MODES)
            print(f"{lesson.key:24} {weights}", flush=True)
    return failed


def note(made: dict[str, str]) -> None:
    RECORD.write_text(json.dumps(made, indent=2, sort_keys=True) + "\n")


def clear() -> None:
    """Remove the thumbnails and records of lessons that no longer exist."""
    known = lessons.lessons()
    kept = {file(lesson, mode) for lesson in known.values() for mode in MODES}
    for old in set(FOLDER.glob("*.webp")) - kept:
        old.unlink()
    note({key: made for key, made in record().items() if key in known})


def main() -> int:
    """Make the missing and stale thumbnails, or with `--all` all of them; return how many failed."""
    wanted = list(lessons.lessons().values()) if "--all" in sys.argv[1:] else stale()
    FOLDER.mkdir(exist_ok=True)
    clear()
    if wanted:
        with tempfile.TemporaryDirectory() as logs, serve(Path(logs) / "log") as server:
            return take(wanted, server)
    return 0


if __name__ == "__main__":
    sys.exit(main())
