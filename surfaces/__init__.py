"""The loss surfaces on which rules race, from calm to wild: `SURFACES["rosenbrock"].gradient(points)`.

A surface is one class in one of the modules below; writing the class is all it takes to add one.
"""

from __future__ import annotations

from types import ModuleType

from surfaces import bowls, flats, ripples, valleys, wells
from surfaces.surface import FAMILIES, Surface

__all__ = ["FAMILIES", "SURFACES", "Surface"]


def _entries(module: ModuleType) -> list[Surface]:
    """Return one instance of every surface defined in a module, in the order of the file."""
    classes = [c for c in vars(module).values() if isinstance(c, type) and issubclass(c, Surface) and c is not Surface]
    return [c() for c in classes]


SURFACES: dict[str, Surface] = {
    s.key: s for module in (bowls, valleys, flats, wells, ripples) for s in _entries(module)
}
"""Every surface by its key, in teaching order."""
