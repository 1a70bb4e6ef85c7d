"""Small networks, many at once: what they are made of is listed here, and costs nothing to read.

`networks.stack` and `networks.tasks` compute with torch; import them where training happens, and only there: torch
takes two seconds and 300 MB, which the web process does not have.
"""

from networks.catalogue import ACTIVATIONS, INITS, Activation, Init
from networks.weights import count_params, count_weights, draw_weights, untrained

__all__ = ["ACTIVATIONS", "INITS", "Activation", "Init", "count_params", "count_weights", "draw_weights", "untrained"]
