"""The data sets, and how they are split into a training, a validation and a test set.

Facts about a data set (title, task, numbers of rows and columns) are plain values, available at no cost; scikit-learn
is imported when tables are read, split or scaled.
"""

import copyreg

from datasets import own
from datasets.dataset import Dataset
from datasets.drawn import DRAWN
from datasets.measured import MEASURED
from datasets.parts import SCALERS, Part, Parts, prepare
from datasets.prepared import PREPARED
from datasets.typed import TYPED
from spec import N_, Refused, listed

__all__ = ["DATASETS", "SCALERS", "Dataset", "Part", "Parts", "find", "prepare"]

DATASETS: dict[str, Dataset] = {dataset.key: dataset for dataset in (*MEASURED, *PREPARED, *DRAWN, *TYPED)}


def find(name: str) -> Dataset:
    """Return the data set of that name, which may be a visitor's own; raise `Refused` if there is none."""
    if name.startswith(own.PREFIX):
        return own.find(name)
    if name not in DATASETS:
        raise Refused(N_("The data set must be one of {choices}, not {value}."), choices=listed(DATASETS), value=name)
    return DATASETS[name]


# A worker gets only the name, and finds the entry itself.
copyreg.pickle(Dataset, lambda dataset: (find, (dataset.key,)))
