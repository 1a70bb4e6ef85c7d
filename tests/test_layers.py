"""The architecture: the web process stays light, and imports follow the layers."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys

import pytest
from conftest import ROOT

HEAVY = ("torch", "sklearn")
PAGES = """
import sys
sys.path.insert(0, "tests")
from conftest import ROOT, visit
for path in sorted((ROOT / "pages").glob("*.py")):
    tested = visit(path.stem)
    assert len(tested.title) == 1 and not tested.exception, path
    for block in (*tested.get("expander"), *tested.get("popover")):
        tested.session_state[block.key] = True
    tested.run()
    assert not tested.exception, path
"""
FOUND = f"""
import sys
print(*(name for name in {HEAVY} if name in sys.modules))
"""


def heavy_after(code: str) -> list[str]:
    """Return which of the heavy libraries a new process has imported after it has run `code`."""
    done = subprocess.run([sys.executable, "-c", code + FOUND], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.heavy
def test_a_web_process_that_showed_every_page_has_no_torch() -> None:
    assert heavy_after(PAGES) == []


def test_modules_of_the_web_process_import_no_torch() -> None:
    """What one of them imports, a process that has imported all of them has imported too."""
    modules = (
        "experiments.fit", "experiments.live", "experiments.studies", "experiments.descend", "experiments.links",
        "figures.race", "figures.training", "figures.readings", "networks", "datasets", "runs", "ui.frame", "ui.stage",
    )  # fmt: skip
    assert heavy_after(f"import {', '.join(modules)}") == []


def test_the_half_in_two_dimensions_needs_numpy_alone() -> None:
    code = """
import sys
before = set(sys.modules)
import experiments.descend, optimizers, surfaces
new = {name.partition(".")[0] for name in set(sys.modules) - before}
ours = {"experiments", "optimizers", "surfaces", "spec", "numpy"}
foreign = sorted(n for n in new - ours - set(sys.stdlib_module_names) if not n.startswith("_"))
assert not foreign, foreign
"""
    assert heavy_after(code) == []


def imports() -> dict[str, set[str]]:
    """Return, for each module of the project, the modules that it imports anywhere, also in functions and for types."""
    folders = [folder for folder in ROOT.iterdir() if any(folder.glob("*.py")) and folder.name != "tests"]
    files = {file.relative_to(ROOT).with_suffix("") for folder in folders for file in folder.rglob("*.py")}
    names = {".".join(file.parts).removesuffix(".__init__"): file for file in files}
    found: dict[str, set[str]] = {}
    for name, file in names.items():
        tree = list(ast.walk(ast.parse((ROOT / file).with_suffix(".py").read_text())))
        wanted = {alias.name for node in tree if isinstance(node, ast.Import) for alias in node.names}
        for node in tree:
            if isinstance(node, ast.ImportFrom):
                assert not node.level, f"{file}: relative imports are not followed"
                wanted |= {path if (path := f"{node.module}.{alias.name}") in names else str(node.module)
                           for alias in node.names}  # fmt: skip
        found[name] = (wanted & names.keys()) - {name}
    return found


def test_no_modules_import_each_other_in_a_circle() -> None:
    found = imports()
    assert {"experiments.variant", "spec", "ui.pages"} <= found.keys()
    assert "experiments.training" in found["experiments.fit"]
    assert "networks.stack" in found["experiments.training"], "imports inside functions count"
    list(graphlib.TopologicalSorter(found).static_order())  # raises CycleError, which names the circle


def test_the_contracts_are_kept() -> None:
    program = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
