"""The loss surfaces on which optimizers run, from simple to difficult: `SURFACES["rosenbrock"].gradient(points)`.

A surface is one class in one of the modules below; writing the class is all it takes to add one.
"""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

from spec import N_, Refused, listed, settings
from spec.text import PART, read_entry
from surfaces import bowls, flats, own, ripples, valleys, wells
from surfaces.surface import FAMILIES, Surface, usual
from surfaces.survey import Survey

__all__ = ["FAMILIES", "SURFACES", "Surface", "find", "found", "mended"]


def _entries(module: ModuleType) -> list[Surface]:
    """Return one instance of every surface defined in a module, in the order of the file."""
    classes = [c for c in vars(module).values() if isinstance(c, type) and issubclass(c, Surface) and c is not Surface]
    return [usual(c) for c in classes]


SURFACES: dict[str, Surface] = {
    s.key: s for module in (bowls, valleys, flats, wells, ripples, own) for s in _entries(module)
}
"""Every surface by its key, in teaching order; those that have settings stand here at their defaults."""


@lru_cache(maxsize=512)
def find(name: str) -> Surface:
    """Return the surface with a name: a key, or a key and settings, such as `rotated~kappa~100`.

    The same name returns the same object while it is in use. Raises `Refused` for an unknown name.
    """
    key, *parts = name.split(PART)
    if key not in SURFACES:
        text = N_("There is no surface {name}; choose from {choices}.")
        raise Refused(text, name=key[:80], choices=listed(SURFACES))
    return read_entry(parts, SURFACES[key]) if parts else SURFACES[key]


def found(name: str) -> own.Found:
    """Return the plot range and the surveyed facts of a surface that users make, see `own.examine`."""
    surface = find(name)
    return surface.domain, Survey(*(getattr(surface, fact) for fact in Survey._fields))


def mended(name: str) -> tuple[Surface, dict[str, tuple[str, Refused]]]:
    """Return the surface with a name without those settings that are refused; these with their text and the reason.

    Raises `Refused` for a name whose key or whose kind of settings does not exist: nothing of it can be used.
    """
    try:
        return find(name), {}
    except Refused:
        key, *parts = name.split(PART)
        if key not in SURFACES or len(parts) % 2 or not {*parts[::2]} <= {*settings(SURFACES[key])}:
            raise
    surface, refused = SURFACES[key], {}
    for field, text in zip(parts[::2], parts[1::2], strict=True):
        try:
            surface = read_entry([field, text], surface)
        except Refused as refusal:
            refused[field] = text, refusal
    return surface, refused
