"""Slides from the command line: equal arguments give equal bytes, in every format, and errors are reported."""

from __future__ import annotations

import importlib.metadata
import io
import re
from pathlib import Path
from xml.etree import ElementTree

import av
import numpy as np
import pytest
from conftest import ROOT, Readers, Server, visit
from PIL import Image
from playwright.sync_api import BrowserContext
from pypdf import PdfReader

import lessons
from figures.scene import literal
from slides import __main__ as slides
from slides import film
from slides.addresses import Address, addresses, pages
from slides.studio import Studio
from spec import Refused
from tools import thumbnails
from ui import language

KEYS = list(lessons.lessons())
RACES = [key for key, lesson in lessons.lessons().items() if lesson.page == "race"]
SMALL = "320x180"

BASE = "https://lab.example.edu/course"
FORMATS = "png,svg,pdf,gif,mp4,html"
TWO = RACES[:2]


def command(context: BrowserContext, address: str, *arguments: str) -> None:
    """Run the command line in the browser and on the server that all tests share."""
    slides.render(slides.checked(slides.parser().parse_args(arguments)), Studio(context, address))


@pytest.fixture(scope="module")
def twice(readers: Readers, server: Server, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folders of the same two lessons, rendered twice in every format."""
    folders = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    for folder in folders:
        command(
            readers.blank(), server.address, *TWO, "--format", FORMATS, "--size", SMALL, "--lang", "ko",
            "--link", BASE, "--qr",
            "--seconds", "1.5", "--fps", "4", "--deck", str(folder / "deck.pdf"), "-o", str(folder),
        )  # fmt: skip
    return folders


@pytest.fixture
def files(twice: tuple[Path, Path]) -> Path:
    return twice[0]


# -- what comes of it


def test_the_same_arguments_give_the_same_bytes(twice: tuple[Path, Path]) -> None:
    names = {f"{i:02}-{key}.{name}" for i, key in enumerate(TWO, start=1) for name in FORMATS.split(",")} | {"deck.pdf"}
    for folder in twice:
        assert {file.name for file in folder.iterdir()} == names
    first, second = twice
    assert [name for name in names if (first / name).read_bytes() != (second / name).read_bytes()] == []


@pytest.mark.parametrize("i", range(len(TWO)))
def test_a_picture_has_its_size_and_shows_the_lesson(files: Path, i: int) -> None:
    name = f"{i + 1:02}-{TWO[i]}"
    with Image.open(files / f"{name}.png") as picture:
        assert picture.size == (320, 180)
        assert len(picture.convert("RGB").getcolors(10**6) or []) > 100, "a surface, not an empty page"
    drawn = ElementTree.parse(files / f"{name}.svg").getroot()
    assert (drawn.get("width"), drawn.get("height")) == ("320", "180")
    assert lessons.lessons()[TWO[i]].text("ko").title in "".join(drawn.itertext())


@pytest.mark.parametrize("i", range(len(TWO)))
def test_a_document_has_a_page_of_the_size_with_text_and_fonts(files: Path, i: int) -> None:
    (page,) = PdfReader(files / f"{i + 1:02}-{TWO[i]}.pdf").pages
    assert (page.mediabox.width, page.mediabox.height) == pytest.approx((320 * 0.75, 180 * 0.75), abs=1)
    text = "".join(page.extract_text().split())
    assert "".join(lessons.lessons()[TWO[i]].text("ko").title.split()) in text
    assert f"lab.example.edu/course/race?lesson={TWO[i]}" in text
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]  # type: ignore[index]
    for font in fonts:
        (inner,) = font.get("/DescendantFonts", [font])
        described = inner.get_object()
        assert described.get("/Subtype") == "/Type3" or {"/FontFile", "/FontFile2", "/FontFile3"} & set(
            described["/FontDescriptor"].get_object()
        )


def test_a_deck_has_a_page_for_each(files: Path) -> None:
    pages = PdfReader(files / "deck.pdf").pages
    assert [f"lesson={key}" in page.extract_text() for key, page in zip(TWO, pages, strict=True)] == [True, True]


def test_a_film_is_as_long_and_large_as_asked(files: Path) -> None:
    with Image.open(files / f"01-{TWO[0]}.gif") as picture:
        assert picture.size == (320, 180)
        assert picture.info["loop"] == 0
        length = 0
        for i in range(picture.n_frames):  # type: ignore[attr-defined]
            picture.seek(i)
            length += picture.info["duration"]
    assert length == 1500
    with av.open(str(files / f"01-{TWO[0]}.mp4")) as opened:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in opened.decode(video=0)]
    assert len(frames) == 6
    assert frames[0].shape == (180, 320, 3)
    assert np.abs(frames[-1] - frames[0]).max() > 100, "it moves"
    assert np.abs(frames[-1] - frames[-2]).max() < 40, "and rests at the end"


def test_a_live_copy_knows_nothing_of_the_server_it_comes_from(files: Path) -> None:
    assert b"127.0.0.1" not in (files / f"01-{TWO[0]}.html").read_bytes()


def test_paper_is_light_dark_or_none_and_a_training_is_waited_for(readers: Readers, app: str) -> None:
    options = {"format": "png", "width": 320, "height": 180}
    (address,) = addresses(["overfitting?epochs=40"])
    corner = {}
    with Studio(readers.blank(), app).opened(address) as opened:
        assert opened.page.locator(".dl-stage").get_attribute("data-step") == "40"
        for name, theme in slides.THEMES.items():
            with Image.open(io.BytesIO(opened.save(options | theme))) as picture:
                corner[name] = picture.convert("RGBA").getpixel((0, 0))
    assert min(corner["light"][:3]) > 200
    assert max(corner["dark"][:3]) < 60
    assert corner["transparent"][3] == corner["transparent-dark"][3] == 0


# -- films


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
    "arguments",
    [
        ("race", "--format", "bmp"),
        ("race", "--size", "wide"),
        ("race", "--step", "x"),
        ("race", "--seconds", "0"),
        ("race", "--fps", "0"),
    ],
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


# -- the course on Home


@pytest.mark.parametrize("lang", language.languages())
def test_home_shows_every_lesson_as_a_card_in_its_place(lang: str) -> None:
    tested = visit("home", lang=lang)
    links = [element.proto for element in tested.get("page_link") if "lesson=" in element.proto.query_string]
    assert [link.query_string for link in links] == [f"lesson={key}" for key in KEYS]
    for link, lesson in zip(links, lessons.lessons().values(), strict=True):
        text = lesson.text(lang)
        assert literal(text.title) in link.label
        assert literal(text.question) in link.label
        assert not link.external


def test_home_says_which_lessons_were_predicted() -> None:
    tested = visit("home")
    tested.session_state[f"predicted {KEYS[1]}"] = 0
    tested.run()
    labels = [element.proto.label for element in tested.get("page_link") if "lesson=" in element.proto.query_string]
    assert [i for i, label in enumerate(labels) if ":material/check:" in label] == [1]


def test_every_lesson_has_thumbnails_of_what_it_shows_now() -> None:
    stale = [lesson.key for lesson in thumbnails.stale()]
    assert not stale, f"`python -m tools.thumbnails` takes those of {', '.join(stale)}"
    wanted = {thumbnails.file(lesson, mode) for lesson in lessons.lessons().values() for mode in thumbnails.MODES}
    assert set(thumbnails.FOLDER.glob("*.webp")) == wanted
    for file in wanted:
        assert file.stat().st_size <= thumbnails.HEAVIEST
        with Image.open(file) as picture:
            assert picture.size == thumbnails.SIZE
