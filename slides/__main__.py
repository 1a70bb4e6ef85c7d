"""The command line of slides; `python -m slides --help` shows its usage."""

from __future__ import annotations

import argparse
import math
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.server import serve
from slides import film
from slides.addresses import ROOT, Address, addresses
from slides.document import pdf
from slides.studio import Opened, Studio, studio
from spec import Refused

FORMATS = ("png", "svg", "pdf", "gif", "mp4", "html")
THEMES = {
    "light": {"mode": "light"}, "dark": {"mode": "dark"},
    "transparent": {"mode": "light", "clear": True}, "transparent-dark": {"mode": "dark", "clear": True},
}  # fmt: skip
STILL = ("png", "svg", "pdf")  # the formats that can be transparent
SIZES = {"16:9": (1920, 1080), "4:3": (1440, 1080), "square": (1080, 1080)}
LANGUAGES = ("en", *sorted(folder.name for folder in (ROOT / "locale").iterdir() if folder.is_dir()))

EXAMPLES = """
examples:
  python -m slides zigzag momentum --format png -o deck
  python -m slides all --format svg --theme dark --lang ko -o deck
  python -m slides "race?surface=rosenbrock&steps=400" --format mp4 --seconds 8 -o film.mp4
  python -m slides my-lessons/ --format pdf --deck lecture.pdf --link https://lab.example.edu --qr
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    reads = argparse.ArgumentParser(
        prog="python -m slides", description="Render lessons and links of Descent Lab to files.",
        epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    switch = argparse.BooleanOptionalAction
    add = reads.add_argument
    add("what", nargs="+", metavar="LESSON_OR_URL",
        help="a lesson's key, `all` for the course, a lesson's .toml or a folder of them, a page with its settings "
             "as in the address bar (race?surface=ravine), or a whole link")  # fmt: skip
    add("--format", type=_formats, action="extend", dest="formats", metavar="FORMAT[,…]",
        help=f"{', '.join(FORMATS)}; several with commas between them (png)")  # fmt: skip
    add("--theme", choices=THEMES, default="light", help="paper; transparent for png, svg and pdf (light)")
    add("--lang", choices=LANGUAGES, help="language (that of the link, else English)")
    add("--size", type=_size, default=SIZES["16:9"], metavar="WxH",
        help=f"pixels, or {', '.join(SIZES)} (1920x1080)")  # fmt: skip
    add("--title", action=switch, default=True, help="the lesson's or page's title above the picture")
    add("--sentence", action=switch, default=False, help="the sentence that reads the picture, below it")
    add("--table", action=switch, default=True, help="the table of numbers, where there is room for it")
    add("--caption", action=switch, default=True, help="the settings, and the link with --link, below it")
    add("--qr", action=switch, default=False, help="the link as a QR code; needs --link or --server")
    add("--link", metavar="BASE", help="address of the class's server, for captions and QR codes")
    add("--step", type=_step, metavar="N|last", help="where the clock of a picture stands (as the page opens)")
    add("--seconds", type=_seconds, help="length of a film (6)")
    add("--fps", type=int, choices=range(1, 61), metavar="N", help="pictures a second, up to 60 (30; 15 for gif)")
    add("--loop", action=switch, default=True, help="a gif begins again")
    add("-o", "--output", type=Path, default=Path(), metavar="DIR",
        help="folder of the files <number>-<lesson>.<format>; or the file, where there is but one (here)")  # fmt: skip
    add("--deck", type=Path, metavar="FILE", help="also a PDF with all pictures, one a page")
    add("--server", metavar="URL", help="address of a running app; without it one is started")
    return reads


def _formats(text: str) -> list[str]:
    formats = text.split(",")
    for name in formats:
        if name not in FORMATS:
            raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(FORMATS)}")
    return formats


def _size(text: str) -> tuple[int, int]:
    if text in SIZES:
        return SIZES[text]
    found = re.fullmatch(r"(\d{2,4})x(\d{2,4})", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text} is neither WIDTHxHEIGHT nor one of {', '.join(SIZES)}")
    return int(found[1]), int(found[2])


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\d{1,3}(\.\d+)?", text) or not float(text):
        raise argparse.ArgumentTypeError(f"{text} is no length in seconds")
    return float(text)


def _step(text: str) -> float:
    if text != "last" and not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text} is neither a number of steps nor last")
    return math.inf if text == "last" else int(text)


def checked(asked: argparse.Namespace) -> argparse.Namespace:
    """Fill in the defaults, and raise Refused for options that cannot be combined."""
    asked.formats = list(dict.fromkeys(asked.formats or (["pdf"] if asked.deck else ["png"])))
    base = asked.link or asked.server
    asked.link = f"{base.rstrip('/')}/" if base else None
    moving = [name for name in asked.formats if name not in STILL]
    if THEMES[asked.theme].get("clear") and moving:
        raise Refused("{format} cannot be transparent; png, svg and pdf can.", format=moving[0])
    if "mp4" in asked.formats and any(side % 2 for side in asked.size):
        raise Refused("mp4 needs an even width and height.")
    if asked.qr and not asked.link:
        raise Refused("A QR code needs the address it leads to: --link https://…")
    return asked


def files(asked: argparse.Namespace, wanted: Sequence[Address]) -> list[dict[str, Path]]:
    """Return, for each address, the path of each format: as it was named, or by number and name in a folder."""
    out: Path = asked.output
    if len(wanted) == len(asked.formats) == 1 and out.suffix == f".{asked.formats[0]}":
        return [{asked.formats[0]: out}]
    digits = max(2, len(str(len(wanted))))
    return [
        {name: out / f"{i:0{digits}}-{address.name}.{name}" for name in asked.formats}
        for i, address in enumerate(wanted, start=1)
    ]  # fmt: skip


def options(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the options for the page's exporter."""
    width, height = asked.size
    parts = {part: getattr(asked, part) for part in ("title", "sentence", "table", "caption", "qr")}
    chosen = {"width": width, "height": height, "base": asked.link, **parts}
    return chosen | THEMES[asked.theme] | ({} if asked.step is None else {"step": asked.step})


def rendered(opened: Opened, shop: Studio, asked: argparse.Namespace, name: str) -> bytes:
    """Return the content of the file in one format."""
    chosen = options(asked)
    if name == "pdf":
        return pdf(shop.context, [opened.save({**chosen, "format": "svg"})], *asked.size)
    if name in ("gif", "mp4"):
        fps = asked.fps or (15 if name == "gif" else 30)
        frames = opened.frames(chosen, {"fps": fps} | ({"seconds": asked.seconds} if asked.seconds else {}))
        return film.mp4(frames, fps, *asked.size) if name == "mp4" else film.gif(frames, fps, loop=asked.loop)
    return opened.save({**chosen, "format": name})


def render(asked: argparse.Namespace, shop: Studio) -> None:
    """Render all files that were asked for."""
    wanted = addresses(asked.what, asked.lang)
    deck: list[bytes] = []
    for i, (address, paths) in enumerate(zip(wanted, files(asked, wanted), strict=True), start=1):
        with shop.opened(address) as opened:
            for notice in opened.notices:
                tell(f"{address}: {notice}")
            for name, path in paths.items():
                content = rendered(opened, shop, asked, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                tell(f"{i}/{len(wanted)} {path} {len(content) / 1000:.0f} kB")
            if asked.deck:
                deck.append(opened.save({**options(asked), "format": "svg"}))
    if asked.deck:
        asked.deck.parent.mkdir(parents=True, exist_ok=True)
        asked.deck.write_bytes(pdf(shop.context, deck, *asked.size))
        tell(f"{asked.deck}: {len(deck)} pages")


@contextmanager
def app(server: str | None) -> Iterator[str]:
    """Yield the address of the app: the running one that was named, else one that is started for this."""
    if server:
        yield server
    else:
        with tempfile.TemporaryDirectory() as folder, serve(Path(folder) / "log") as address:
            yield address


def tell(line: str) -> None:
    """Print a progress message to standard error."""
    sys.stderr.write(f"{line}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code: 2, after a one-sentence message, for what cannot be done."""
    try:
        asked = checked(parser().parse_args(arguments))
        addresses(asked.what)  # a mistake is reported before anything is started
        with app(asked.server) as server, studio(server) as shop:
            render(asked, shop)
    except Refused as refusal:
        tell(f"slides: {refusal}")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
