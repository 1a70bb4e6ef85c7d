"""Write what the browser is sent, as described in Python, as types for the browser's JavaScript.

    python -m tools.contract

writes `ui/stage/browser/contract.d.ts` from the TypedDicts of `figures/`; the types of panels are those with a `kind`.
"""

from __future__ import annotations

import importlib
import pkgutil
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, NotRequired

import figures
from harness.server import ROOT

TARGET = ROOT / "ui" / "stage" / "browser" / "contract.d.ts"
PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", Any: "unknown"}
HEAD = """/* Written by `python -m tools.contract` from the TypedDicts of figures/: change those instead. */

export type Numbers = Float32Array | Int32Array | Uint16Array | Uint8Array;
"""


def described() -> dict[str, type]:
    """Return the TypedDicts of all modules of `figures/`, by name. Raises ValueError if two have one name."""
    found: dict[str, type] = {}
    for module in pkgutil.iter_modules(figures.__path__):
        loaded = importlib.import_module(f"figures.{module.name}")
        for name, value in vars(loaded).items():
            if typing.is_typeddict(value) and value.__module__ == loaded.__name__:
                if name in found:
                    raise ValueError(f"two types are called {name}")
                found[name] = value
    return found


def keys(of: type) -> Iterator[tuple[str, Any, bool]]:
    """Yield name, type and whether it is required for every key of a TypedDict."""
    for name, kind in typing.get_type_hints(of, include_extras=True).items():
        optional = typing.get_origin(kind) is NotRequired
        yield name, typing.get_args(kind)[0] if optional else kind, not optional and getattr(of, "__total__", True)


def kinds() -> dict[str, type]:
    """Return the types of panels by their kind."""
    found = {}
    for one in described().values():
        for name, kind, _required in keys(one):
            if name == "kind":
                (word,) = typing.get_args(kind)
                found[word] = one
    return found


def written(kind: Any) -> str:
    """Return a type as TypeScript writes it. Raises TypeError for one that has no torch_equivalent."""
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if kind in PLAIN:
        return PLAIN[kind]
    if typing.is_typeddict(kind):
        return kind.__name__
    if origin is Annotated:
        return inside[1]
    if origin is Literal:
        return " | ".join(f'"{word}"' for word in inside)
    if origin in (types.UnionType, typing.Union):
        return " | ".join(map(written, inside))
    if origin in (list, Sequence):
        part = written(inside[0])
        return f"({part})[]" if "|" in part else f"{part}[]"
    if origin in (dict, Mapping):
        return f"Record<string, {written(inside[1])}>"
    raise TypeError(f"no type of TypeScript for {kind}")


def _interface(of: type) -> str:
    lines = [f"  {name}{'' if required else '?'}: {written(kind)};" for name, kind, required in keys(of)]
    told = (of.__doc__ or "").strip()
    says = f"/** {told} */\n" if told and not told.startswith("dict(") else ""
    return f"{says}export interface {of.__name__} {{\n" + "\n".join(lines) + "\n}\n"


def contract() -> str:
    """Return the text of the file: every type, and the union of all panels."""
    text = "\n".join([HEAD, *(_interface(one) for one in described().values())])
    union = "\n  | ".join(sorted(one.__name__ for one in kinds().values()))
    text = text.replace("panels: Panel[];", "panels: AnyPanel[];")
    return f"{text}\nexport type AnyPanel =\n  | {union};\n"


def main() -> None:
    """Write the file."""
    TARGET.write_text(contract(), encoding="utf-8")
    print(f"wrote {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
