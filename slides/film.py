"""Films: a sequence of pictures as GIF or MP4; the same pictures give the same bytes."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
from av.video.reformatter import Colorspace
from PIL import Image

COLOURS = 255  # of a GIF's 256; one means "as in the previous picture"
EXACT = 64  # of these are exact: background, lines, the optimizers' colours
SAMPLE = 8  # every 8th picture contributes to the palette
BT709 = 1  # the colour space of HD television, by its number in ISO 23001-8
# One thread, since with several the bytes depend on timing; crf is x264's quality, 18 is visually lossless.
X264 = {"crf": "18", "preset": "medium", "tune": "animation", "threads": "1"}


def mp4(frames: Iterable[bytes], fps: int, width: int, height: int) -> bytes:
    """Return pictures (PNG, of one even width and height) as H.264 in MP4 that can play while it loads."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "film.mp4"
        with av.open(str(file), "w", options={"movflags": "+faststart", "fflags": "+bitexact"}) as film:
            stream = film.add_stream("libx264", rate=fps, options=X264)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            context = stream.codec_context
            context.thread_count = 1
            context.colorspace = context.color_primaries = context.color_trc = BT709
            for frame in frames:
                picture = av.VideoFrame.from_image(_read(frame))
                film.mux(stream.encode(picture.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)))
            film.mux(stream.encode())
        return file.read_bytes()


def gif(frames: Iterable[bytes], fps: int, *, loop: bool) -> bytes:
    """Return pictures (PNG, all of one size) as GIF with one palette; each frame stores only what changed."""
    pictures = [_read(frame) for frame in frames]
    palette = _palette(pictures)
    pictures = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    ends = [round(100 * i / fps) for i in range(len(pictures) + 1)]  # a GIF counts in hundredths of a second
    durations = [10 * (after - before) for before, after in pairwise(ends)]
    file = io.BytesIO()
    more = {"loop": 0} if loop else {}
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=durations, optimize=True, **more)
    return file.getvalue()


def _palette(pictures: list[Image.Image]) -> Image.Image:
    """Return an image with a palette for all pictures: their most frequent colours, and averages of the others."""
    kept = [*pictures[::SAMPLE], pictures[-1]]
    width, height = pictures[0].size
    strip = Image.new("RGB", (width, height * len(kept)))
    for i, picture in enumerate(kept):
        strip.paste(picture, (0, height * i))
    counted: Any = sorted(strip.getcolors(width * height * len(kept)) or [], reverse=True)  # pairs (count, colour)
    exact = [channel for _count, colour in counted[:EXACT] for channel in colour]
    middle = strip.quantize(COLOURS - EXACT, dither=Image.Dither.NONE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette(exact + middle)
    return palette


def _read(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")
