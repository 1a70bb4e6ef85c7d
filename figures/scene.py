"""A scene is what the stage shows: panels, a table and their common clock, as a plain dict with arrays in it."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TypeVar

from figures import theme
from figures.contract import Clock, Panel, Scene, Table
from optimizers import Optimizer
from spec import N_, settings
from spec.text import brief

K = TypeVar("K", str, int)
Say = Callable[[str], str]
"""Translates a text marked with `N_` into the reader's language."""

WORDS = {
    "controls": N_("Playback"),
    "play": N_("Play (space)"),
    "pause": N_("Pause (space)"),
    "back": N_("One step back (←)"),
    "forward": N_("One step forward (→)"),
    "full": N_("Full screen (F)"),
    "scrub": N_("Go to a step"),
    "speed": N_("Speed"),
    "closer": N_("Zoom in"),
    "farther": N_("Zoom out"),
    "whole": N_("Show all"),
    "move": N_("Move the starting point"),
    "grip": N_("Starting point; the arrow keys move it"),
    "covered": N_("The picture is hidden until you choose what you expect."),
    "keys": N_("Space: play or pause, arrow keys: one step, F: full screen, P: slide mode"),
    "undrawn": N_("This picture could not be drawn. Change a setting, or reload the page."),
    "skip": N_("Skip to the picture"),
    "hill": N_("Paint hills"),
    "pit": N_("Paint pits"),
    "save": N_("Save as picture, video or web page"),
    "ask_format": N_("Save as"),
    "picture": N_("Picture"),
    "film": N_("Video"),
    "page": N_("Web page"),
    "png_title": N_("PNG: for any slide"),
    "svg_title": N_("SVG: lines and text that stay sharp"),
    "pdf_title": N_("PDF: one page, as an image"),
    "mp4_title": N_("MP4: video for slides"),
    "webm_title": N_("WebM: video for web pages"),
    "gif_title": N_("GIF: video that plays anywhere"),
    "html_title": N_("HTML: interactive copy that works offline, 2 MB"),
    "ask_size": N_("Size"),
    "wide": N_("16:9 slide, {size}"),
    "middle": N_("4:3 slide, {size}"),
    "square": N_("Square, {size}"),
    "ask_paper": N_("Background"),
    "light": N_("Light"),
    "dark": N_("Dark"),
    "clear_light": N_("Transparent, for light slides"),
    "clear_dark": N_("Transparent, for dark slides"),
    "ask_seconds": N_("Length in seconds"),
    "parts": N_("Include"),
    "with_title": N_("Title"),
    "with_sentence": N_("Result sentence"),
    "with_table": N_("Table, if it fits"),
    "with_caption": N_("Settings and link"),
    "with_qr": N_("QR code"),
    "with_loop": N_("Loop"),
    "no_film": N_("MP4 and WebM need a secure connection (https); a GIF can always be saved."),
    "save_file": N_("Save"),
    "copy_picture": N_("Copy picture"),
    "close": N_("Close"),
    "making": N_("One moment …"),
    "saved": N_("Saved as {name}, {size}."),
    "copied": N_("Copied: paste it into a slide."),
    "no_copy": N_("The browser does not let this page copy pictures. Save the picture as a file instead."),
    "not_saved": N_("Failed:"),
}

# What is escaped for Markdown: these characters anywhere, and what would begin a list or a horizontal line.
SIGN = r"(?=[\\`*_{}\[\]<>#$|~:&]|^[-+=])"
NUMBERED = r"^(\d+)(?=[.)](?:\s|$))"
JOINER = "\u2060"  # word joiner: has no width, and allows no line break
# Where a joiner stops Streamlit's own replacements, which follow Markdown's.
MADE = r"(?<=:)(?=\S)|(?<=\S)(?=@)|(?<=[Ww]{3})(?=\.)|(?<!\S)(?=(?:<->|->|<-|--|[<>~]=)(?:\s|$))"
THREE = Context(prec=3, rounding=ROUND_HALF_UP)  # significant digits
TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # bidirectional classes


def scene(
    name: str, *, say: Say, alt: str, layout: str, clock: Clock, panels: Sequence[Panel],
    table: Table | None,
) -> Scene:  # fmt: skip
    """Return a scene; if the shown scene has the same `name`, its clock continues, otherwise the clock starts again.

    `layout` places the table: "side" under the second panel, "under" under all; the table may be None. `alt` is the
    alternative text, which describes the picture.
    """
    return {
        "id": name, "alt": spoken(alt), "words": {word: say(text) for word, text in WORDS.items()},
        "palettes": theme.PALETTES, "type": theme.TYPE, "font": theme.FONT, "layout": layout, "clock": clock,
        "panels": panels, "table": table,
    }  # fmt: skip


def literal(text: str) -> str:
    """Return text that Markdown shows unchanged; all words of a link or of a visitor's file must go through this.

    Markdown's special characters are escaped. After Markdown, Streamlit replaces more: addresses that begin with "www."
    or "http:" and e-mail addresses become links, words between colons emojis and icons, and "->" an arrow. A word
    joiner inside each of these prevents that. What would move other text is left out: line breaks, control characters,
    and characters that change the direction of writing.
    """
    plain = " ".join("".join(filter(_stays, text)).split())
    return re.sub(NUMBERED, r"\1\\", re.sub(SIGN, r"\\", re.sub(MADE, JOINER, plain)))


def _stays(sign: str) -> bool:
    """Return whether a character is visible or a space."""
    return sign.isspace() or not (unicodedata.category(sign) == "Cc" or unicodedata.bidirectional(sign) in TURNS)


def spoken(text: str) -> str:
    """Return a sentence in Markdown as plain text: without bold markup, escapes and joiners."""
    return re.sub(r"\\([^\w\s]|_)", r"\1", text.replace("**", "").replace(JOINER, ""))


def number(value: float) -> str:
    """Return a number as text, in the same format as in the browser (`number` in ui/stage/browser/draw.js).

    It has three significant digits, rounded half away from 0; whole numbers below 100,000 have all their digits. Below
    0.0001 and from 100,000 on it has a power of ten. nan is a dash.
    """
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞" if value > 0 else "−∞"
    sign, exact = "−" if value < 0 else "", abs(Decimal(float(value)))
    whole = exact.to_integral_value(ROUND_HALF_UP)
    if not exact or 1000 <= whole < 100_000:
        return f"{sign}{whole}"
    rounded = THREE.create_decimal(exact)
    power = rounded.adjusted()
    if -4 <= power < 3:
        return f"{sign}{rounded.normalize():f}"
    raised = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{sign}{rounded.scaleb(-power).normalize():f}×10{raised}"


def loss_text(value: float) -> str:
    """Return a loss with three decimals, or with three digits if three decimals are too few or too many."""
    return f"{value:.3f}" if 0.01 <= value < 100 else number(value)


def leaders(values: Mapping[K, float], write: Callable[[float], str], best: Callable[..., K]) -> tuple[list[K], str]:
    """Return the names with the best value, compared as displayed, and that value's text; several names are a tie.

    `best` is `min` or `max`.
    """
    text = write(values[best(values, key=values.__getitem__)])
    return [name for name, value in values.items() if write(value) == text], text


def bold(names: Sequence[str]) -> str:
    """Return names in bold, with commas between them."""
    return ", ".join(f"**{name}**" for name in names)


def symbol(latex: str) -> str:
    r"""Return a symbol such as \beta_1 as plain text: β₁; an index without a subscript character is left as it is."""
    name, _sep, index = latex.partition("_")
    index = index.replace(r"\infty", "∞")
    if name.startswith("\\"):
        letter = name[1:].removeprefix("var")  # Unicode has one name for both forms of phi
        name = unicodedata.lookup(f"GREEK SMALL LETTER {'lamda' if letter == 'lambda' else letter}")
    return name + index.translate(str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋"))


def titled(rule: Optimizer, say: Say, more: str = "") -> str:
    """Return an optimizer's title, with `more`, and after a comma the famous mistakes that are switched on in it."""
    mistakes = [say(fact.mistake) for name, fact in settings(rule).items() if fact.mistake and getattr(rule, name)]
    return ", ".join([say(rule.title) + more, *mistakes])


def names(rules: Sequence[Optimizer], say: Say) -> list[str]:
    """Return a name per contender: its optimizer's, with the famous mistakes it makes ("Adam, no bias correction").

    Equal names are extended by the learning rates and schedules if these differ; otherwise they are numbered.
    """
    more = [""] * len(rules)
    told = [titled(rule, say) for rule in rules]
    for parts in ([brief(rule.lr, 6) for rule in rules], [say(rule.schedule.title) for rule in rules]):
        pairs = list(zip(told, parts, strict=True))
        for i, (name, part) in enumerate(pairs):
            if any(name == other and part != its for other, its in pairs):
                more[i] += f" {part}"
        told = [titled(rule, say, rest) for rule, rest in zip(rules, more, strict=True)]
    return [f"{name} ({told[: i + 1].count(name)})" if told.count(name) > 1 else name for i, name in enumerate(told)]
