"""Slides from the command line: the same arguments give the same bytes, in every format, and mistakes are told."""

from __future__ import annotations

import importlib.metadata
import io
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import av
import numpy as np
import pytest
from conftest import ROOT
from PIL import Image
from playwright.sync_api import Browser
from pypdf import PdfReader

import lessons
from slides import __main__ as slides
from slides import film
from slides.addresses import Address, addresses, pages
from slides.document import pdf
from slides.studio import Studio
from spec import Refused

KEYS = list(lessons.lessons())
RACES = [key for key, lesson in lessons.lessons().items() if lesson.page == "race"]
SMALL = "320x180"

Command = Callable[..., list[Path]]


@pytest.fixture
def command(browser: Browser, app: str, tmp_path: Path) -> Command:
    """Run the command line in the browser and on the server of all tests; return the files, in their order."""

    def run(*arguments: str, to: str = "out") -> list[Path]:
        folder = tmp_path / to
        asked = slides.checked(slides.parser().parse_args([*arguments, "--output", str(folder)]))
        slides.render(asked, Studio(browser, app))
        return sorted(folder.iterdir())

    return run


def same(first: list[Path], second: list[Path]) -> bool:
    return [file.name for file in first] == [file.name for file in second] and all(
        one.read_bytes() == other.read_bytes() for one, other in zip(first, second, strict=True)
    )


# -- pictures


def test_two_lessons_give_the_same_pictures_every_time(command: Command) -> None:
    asked = (*RACES[:2], "--format", "png,svg", "--size", "640x360", "--lang", "ko")
    first, second = command(*asked, to="first"), command(*asked, to="second")
    assert [file.name for file in first] == [
        f"{i:02}-{key}.{name}" for i, key in enumerate(RACES[:2], start=1) for name in ("png", "svg")
    ]
    assert same(first, second)
    for file, key in zip(first[1::2], RACES, strict=False):
        picture = ElementTree.parse(file).getroot()
        assert (picture.get("width"), picture.get("height")) == ("640", "360")
        assert lessons.lessons()[key].text("ko").title in "".join(picture.itertext())
    for file in first[::2]:
        with Image.open(file) as picture:
            assert picture.size == (640, 360)
            assert len(picture.convert("RGB").getcolors(10**6) or []) > 100, "a surface, not an empty page"


def test_paper_is_light_dark_or_none(command: Command) -> None:
    corners = {}
    for theme in slides.THEMES:
        (file,) = command(RACES[0], "--size", SMALL, "--theme", theme, to=theme)
        with Image.open(file) as picture:
            corners[theme] = picture.convert("RGBA").getpixel((0, 0))
    assert min(corners["light"][:3]) > 200
    assert max(corners["dark"][:3]) < 60
    assert corners["transparent"][3] == corners["transparent-dark"][3] == 0


def test_a_document_has_a_page_of_the_size_for_each_with_its_text(command: Command, tmp_path: Path) -> None:
    base, deck = "https://lab.example.edu/course", tmp_path / "deck.pdf"
    asked = (*RACES[:2], "--format", "pdf", "--deck", str(deck), "--size", "4:3", "--link", base, "--qr")
    files = command(*asked)
    for file, key in zip(files, RACES, strict=False):
        (page,) = PdfReader(file).pages
        assert (page.mediabox.width, page.mediabox.height) == pytest.approx((1440 * 0.75, 1080 * 0.75))
        text = page.extract_text()
        assert lessons.lessons()[key].text("en").title in text
        assert f"lab.example.edu/course/race?lesson={key}" in text
    whole = deck.read_bytes()
    assert len(PdfReader(deck).pages) == 2
    command(*asked)
    assert deck.read_bytes() == whole


def test_a_document_embeds_its_fonts(browser: Browser) -> None:
    drawn = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><text y="50">loss 손실</text></svg>'
    (page,) = PdfReader(io.BytesIO(pdf(browser, [drawn.encode()], 200, 100))).pages
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]  # type: ignore[index]
    for font in fonts:
        (inner,) = font.get("/DescendantFonts", [font])
        described = inner.get_object()["/FontDescriptor"].get_object()
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(described)
    assert "손실" in page.extract_text()


# -- films


def test_a_film_is_as_long_and_large_as_asked(command: Command) -> None:
    asked = (RACES[0], "--format", "gif,mp4", "--size", SMALL, "--seconds", "1.5", "--fps", "8")
    gif, mp4 = first = command(*asked, to="first")
    assert same(first, command(*asked, to="second"))
    with Image.open(gif) as picture:
        assert picture.size == (320, 180)
        assert picture.info["loop"] == 0
        length = 0
        for i in range(picture.n_frames):  # type: ignore[attr-defined]
            picture.seek(i)
            length += picture.info["duration"]
    assert length == 1500
    with av.open(str(mp4)) as opened:
        (video,) = opened.streams
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in opened.decode(video)]
    assert len(frames) == 12
    assert frames[0].shape == (180, 320, 3)
    assert np.abs(frames[-1] - frames[0]).max() > 100, "it moves"
    assert np.abs(frames[-1] - frames[-2]).max() < 40, "and rests at the end"


def squares() -> list[bytes]:
    """Pictures on which a square moves to the right."""
    pictures = []
    for i in range(8):
        picture = Image.new("RGB", (64, 48), "white")
        picture.paste((213, 94, 0), (6 * i, 10, 6 * i + 16, 30))
        file = io.BytesIO()
        picture.save(file, "PNG")
        pictures.append(file.getvalue())
    return pictures


def test_a_film_keeps_colours_and_places() -> None:
    with av.open(io.BytesIO(film.mp4(squares(), 4, 64, 48))) as opened:
        decoded = [frame.to_ndarray(format="rgb24") for frame in opened.decode(video=0)]
    with Image.open(io.BytesIO(film.gif(squares(), 4, loop=False))) as picture:
        assert "loop" not in picture.info
        for i, frame in enumerate(decoded):
            picture.seek(i)
            exact = np.asarray(picture.convert("RGB"))
            for pixels, off in ((frame, 6), (exact, 0)):
                assert np.abs(pixels[20, 6 * i + 8].astype(int) - (213, 94, 0)).max() <= off
                assert np.abs(pixels[40, 60].astype(int) - 255).max() <= off


def test_a_film_can_be_played_while_it_loads() -> None:
    content = film.mp4(squares(), 4, 64, 48)
    assert content.index(b"moov") < content.index(b"mdat")


# -- live copies, and pages that train


def test_a_live_copy_is_one_file_and_the_same_every_time(command: Command) -> None:
    asked = (RACES[0], "--format", "html")
    first = command(*asked, to="first")
    assert same(first, command(*asked, to="second"))
    assert b"127.0.0.1" not in first[0].read_bytes()


def test_a_training_is_waited_for(command: Command) -> None:
    (file,) = command("overfitting?epochs=40", "--format", "svg", "--size", "640x360")
    drawn = "".join(ElementTree.parse(file).getroot().itertext())
    assert "40" in drawn


# -- what is asked for


def test_the_whole_course_is_all_in_order() -> None:
    assert [address.name for address in addresses(["all"])] == KEYS
    assert sorted(addresses([str(ROOT / "lessons")])) == sorted(addresses(["all"]))
    assert [address.name for address in addresses([str(ROOT / "lessons")])] == KEYS


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("race?surface=ravine&steps=9", Address("race", "race", "surface=ravine&steps=9")),
        ("http://127.0.0.1:8501/race?surface=ravine", Address("race", "race", "surface=ravine")),
        ("https://lab.example.edu/some/where/maps/", Address("maps", "maps")),
        ("/tune?folds=5&lang=ko#top", Address("tune", "tune", "folds=5&lang=ko")),
    ],
)
def test_links_name_a_page_and_its_settings(text: str, address: Address) -> None:
    assert addresses([text]) == [address]


def test_the_command_line_s_language_is_stronger_than_the_link_s() -> None:
    (address,) = addresses(["race?lang=ko&steps=9"], "en")
    assert address.query == "steps=9&lang=en"


def test_a_lesson_of_one_s_own_is_opened_by_its_settings(tmp_path: Path) -> None:
    text = (ROOT / "lessons" / f"{RACES[0]}.toml").read_text()
    (tmp_path / "mine.toml").write_text(text)
    (address,) = addresses([str(tmp_path)], "en")
    known = lessons.lessons()[RACES[0]]
    title = known.text("en").title.replace(" ", "+")
    assert (address.name, address.page) == ("mine", "race")
    assert address.query.startswith(f"{known.settings}&title={title}"[:30])


def test_one_picture_can_have_a_name_of_its_own() -> None:
    asked = slides.checked(slides.parser().parse_args([RACES[0], "--format", "gif", "-o", "some/film.gif"]))
    assert slides.files(asked, addresses(asked.what)) == [{"gif": Path("some/film.gif")}]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("zigzak",), "zigzag"),
        (("https://lab.example.edu/racing?steps=3",), "race"),
        (("nothing/here.toml",), "There is no file nothing/here.toml."),
        ((str(ROOT / "docs"),), "There is no lesson in"),
        (("race", "--theme", "transparent", "--format", "mp4"), "mp4 cannot be transparent"),
        (("race", "--format", "mp4", "--size", "321x180"), "even"),
        (("race", "--qr"), "--link"),
    ],
)
def test_mistakes_are_told_in_a_sentence(arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture) -> None:
    assert slides.main(arguments) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [("race", "--format", "bmp"), ("race", "--size", "wide"), ("race", "--step", "x")]
)
def test_options_that_do_not_exist_are_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as exited:
        slides.main(arguments)
    assert exited.value.code == 2


def test_a_broken_lesson_is_told_with_its_file(tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_text('part = "optimizers"\npage = "race"')
    with pytest.raises(Refused, match=r"broken\.toml"):
        addresses([str(file)])


def test_pages_that_can_be_named_are_those_with_settings() -> None:
    assert "race" in pages()
    assert "home" not in pages()


def test_pins_are_those_that_the_tests_run_with() -> None:
    pins = re.findall(r"^([\w-]+)==(\S+)$", (ROOT / "requirements-slides.txt").read_text(), re.MULTILINE)
    assert {name: importlib.metadata.version(name) for name, _pin in pins} == dict(pins)
