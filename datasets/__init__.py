"""The data sets, and how a table becomes a training, a validation and a test part.

Facts about a data set (title, task, numbers of rows and columns) are plain values that cost nothing to read;
scikit-learn is imported when its tables are read, split or scaled.
"""

from datasets.dataset import Dataset
from datasets.drawn import DRAWN
from datasets.measured import MEASURED
from datasets.parts import SCALERS, Part, Parts, prepare

__all__ = ["DATASETS", "SCALERS", "Dataset", "Part", "Parts", "prepare"]

DATASETS: dict[str, Dataset] = {dataset.key: dataset for dataset in (*MEASURED, *DRAWN)}
