"""Multilayer perceptrons, many trained at once; this package itself imports without torch.

`networks.stack` and `networks.tasks` compute with torch. Import them only where training happens: importing torch takes
two seconds and 300 MB, which the web process cannot spare.

Importing this package asks Intel's MKL, which torch uses on x86 processors, for conditional numerical reproducibility
(MKL_CBWR=AUTO, unless the environment sets it). A matrix product is then summed in the same order wherever its rows are
in memory, so that a network gives the same bits alone as in a stack. MKL reads the variable at its first computation,
so in a notebook import this package (or `experiments`) before torch computes anything.
"""

import os

from networks.catalogue import ACTIVATIONS, INITS, Activation, Init
from networks.weights import count_params, count_weights, draw_weights, untrained

__all__ = ["ACTIVATIONS", "INITS", "Activation", "Init", "count_params", "count_weights", "draw_weights", "untrained"]

os.environ.setdefault("MKL_CBWR", "AUTO")
