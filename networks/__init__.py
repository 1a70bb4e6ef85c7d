"""Small networks, many at once: what they are made of is listed here, and costs nothing to read.

`networks.stack` and `networks.tasks` compute with torch; import them where training happens, and only there: torch
takes two seconds and 300 MB, which the web process does not have.

Importing this package asks Intel's MKL, on which torch is built for x86 processors, for conditional numerical
reproducibility (MKL_CBWR=AUTO, unless the environment sets it): a product of matrices is then summed in the same order
wherever its rows lie in memory, and a network is the same bits alone as among others. MKL reads the variable when it
computes for the first time, so in a notebook import this package (or `experiments`) before torch has computed anything.
"""

import os

from networks.catalogue import ACTIVATIONS, INITS, Activation, Init
from networks.weights import count_params, count_weights, draw_weights, untrained

__all__ = ["ACTIVATIONS", "INITS", "Activation", "Init", "count_params", "count_weights", "draw_weights", "untrained"]

os.environ.setdefault("MKL_CBWR", "AUTO")
