"""The documents are true: examples run, recipes work, and the named files and versions exist."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LEFT_OUT = (".git", ".venv", "node_modules", "__pycache__", ".*_cache", ".hypothesis", "pictures", "static")
BLOCK = re.compile(r"```(?:python|toml|js)\n(.*?)```", re.DOTALL)

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def blocks(page: Path) -> list[str]:
    return BLOCK.findall(page.read_text())


@pytest.mark.parametrize("block", blocks(ROOT / "README.md"))
def test_the_readme_s_examples_run(block: str) -> None:
    exec(compile(block, "README.md", "exec"), {})


def test_the_notebook_s_cells_run() -> None:
    cells = json.loads((ROOT / "docs" / "notebook.ipynb").read_text())["cells"]
    names: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [], "outputs are computed by whoever opens it"
            exec(compile("".join(cell["source"]), "notebook.ipynb", "exec"), names)


@pytest.mark.parametrize("guide", ["lecturer", "student", "developer"])
def test_a_guide_is_there_in_both_languages_with_the_same_parts(guide: str) -> None:
    english, korean = ((ROOT / "docs" / f"{guide}{end}.md").read_text() for end in ("", ".ko"))
    assert english.count("\n## ") == korean.count("\n## ") > 0
    assert english.count("|---") == korean.count("|---")


@every_page
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    text = page.read_text()
    targets = [*re.findall(r"\]\(([^)#\s]+)", text), *re.findall(r'(?:src|srcset|href)="([^"]+)"', text)]
    for target in targets:
        assert target.startswith("https://") or (page.parent / target).exists(), f"{page.name} links to {target}"


@every_page
def test_paths_in_the_text_are_there(page: Path) -> None:
    text = BLOCK.sub("", page.read_text())
    for path in re.findall(r"`([a-z_.]+/[\w./-]*)`", text):
        made_by_a_recipe = page.name == "adding.md" and (
            path in new_files() or path.endswith("de/LC_MESSAGES/messages.po")
        )
        assert made_by_a_recipe or (ROOT / path).exists(), f"{page.name} names {path}"


FILES = ("requirements.txt", "requirements-slides.txt", "requirements-dev.txt")


def pins() -> dict[str, str]:
    text = "\n".join((ROOT / name).read_text() for name in FILES)
    return dict(re.findall(r"^([\w-]+)(?:\[\w+\])?==(\S+)$", text, re.MULTILINE))


def test_every_dependency_is_pinned_at_the_installed_version_and_has_its_reason() -> None:
    installed = {name: importlib.metadata.version(name).split("+")[0] for name in pins()}
    assert installed == pins()
    checkers = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    told = set(re.findall(r"^\| `([\w@/-]+)` \|", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE))
    assert told == set(pins()) | set(checkers)


def test_packages_of_npm_are_pinned_and_bound_to_no_registry() -> None:
    package, lock = (json.loads((ROOT / name).read_text()) for name in ("package.json", "package-lock.json"))
    assert "dependencies" not in package, "the app needs no Node"
    for name, version in package["devDependencies"].items():
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    assert "://" not in "".join(str(entry.get("resolved", "")) for entry in lock["packages"].values())


def test_every_package_of_the_house_stands_under_its_contracts() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    packages = {file.parent.name for file in ROOT.glob("[a-z]*/*.py")}
    assert set(contracts["root_packages"]) == packages - {"tests", "benchmarks", "tools", "slides", "deploy", "harness"}


# -- the recipes of docs/adding.md, carried out in a copy

ADDING = (ROOT / "docs" / "adding.md").read_text()
RECIPE = re.compile(r"^([^\n]+):\n\n```(?:python|toml|js)\n(.*?)```", re.DOTALL | re.MULTILINE)  # (where, what)
RECIPES = RECIPE.findall(ADDING)


def new_files() -> list[str]:
    return [where.strip("`") for where, _ in RECIPES if where.startswith("`")]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project to which every recipe has added its entry, as a reader of the text would."""
    copy = tmp_path_factory.mktemp("copy") / "project"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
    assert len(RECIPES) == len(BLOCK.findall(ADDING))
    for where, what in RECIPES:
        *names, path = re.findall(r"`([^`]+)`", where)
        text = (copy / path).read_text() if (copy / path).exists() else ""
        match where.split("`")[0], names:
            case "", []:
                assert not text, f"{path} is there already"
                text = what
            case "At the end of ", []:
                text += f"\n\n{what}"
            case "Before ", [name]:
                text = put(text, f"\n{name} = (\n", before=f"\n\n{what}\n")
            case "An item of ", [name]:
                text = put(text, f"\n{name} = (\n", after=textwrap.indent(f"{what.rstrip()},\n", "    "))
            case other:
                pytest.fail(f"docs/adding.md: unclear where this goes: {other}")
        (copy / path).write_text(text)
    return copy


def put(text: str, line: str, before: str = "", after: str = "") -> str:
    assert text.count(line) == 1
    return text.replace(line, f"{before}{line}{after}")


def run(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *arguments], cwd=copy, capture_output=True, text=True, check=False)


@pytest.mark.heavy
def test_what_the_recipes_add_passes_the_tests_of_the_registries(copy: Path) -> None:
    """The commands of the recipes, `make test ARGS="tests/a.py -k name"`, in one pytest."""
    commands = re.findall(r'make test ARGS="(tests/\w+\.py) -k (\S+)"', ADDING)
    assert len(commands) == ADDING.count("make test ARGS=")
    files, names = dict.fromkeys(file for file, _ in commands), " or ".join(name for _, name in commands)
    done = run(copy, "pytest", *files, "-k", names, "-rA", "--tb=short", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout[-4000:]
    for file, name in commands:
        assert re.search(rf"^PASSED {file}::.*{name}", done.stdout, re.MULTILINE), f"no test of {name} in {file}"


def test_recipes_keep_the_style_of_the_house(copy: Path) -> None:
    for command in (["check"], ["format", "--diff"]):
        done = run(copy, "ruff", *command, "optimizers", "surfaces", "datasets", "figures", "pages")
        assert done.returncode == 0, done.stdout


def test_a_new_panel_becomes_a_type_of_the_browser(copy: Path) -> None:
    assert run(copy, "tools.contract").returncode == 0
    assert "| DigitsPanel" in (copy / "ui/stage/browser/contract.d.ts").read_text()


@pytest.mark.heavy
def test_a_language_begins_with_an_empty_catalogue(copy: Path) -> None:
    begun = run(copy, "tools.messages", "de")
    assert begun.returncode == 1
    assert "de: not translated:" in begun.stderr
    asked = "from ui.language import languages; print(languages()['de'])"
    done = subprocess.run([sys.executable, "-c", asked], cwd=copy, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "Deutsch"
