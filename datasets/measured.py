"""Real tables, taken from the copies that scikit-learn carries (nothing is downloaded)."""

from __future__ import annotations

from collections.abc import Callable

from datasets.dataset import Dataset, Table
from spec import N_


def _sklearn(loader: str) -> Callable[[], Table]:
    def read() -> Table:
        # Imported here: it takes a second, and the web process only ever wants titles and sizes.
        import sklearn.datasets

        return getattr(sklearn.datasets, loader)(return_X_y=True)

    return read


_UCI = "UCI Machine Learning Repository"
_CARRIED = N_("Carried by scikit-learn (BSD 3-Clause); the data's own terms are those of its source.")

MEASURED = (
    Dataset(
        key="breast_cancer",
        title=N_("Breast cancer"),
        sentence=N_("A row is a tumour, by 30 measurements of its cell nuclei; tell malignant from benign."),
        task="binary",
        rows=569,
        columns=30,
        classes=(N_("malignant"), N_("benign")),
        source=f"Wolberg, Mangasarian, Street, Street (1995), Breast Cancer Wisconsin (Diagnostic), {_UCI}",
        terms=_CARRIED,
        read=_sklearn("load_breast_cancer"),
    ),
    Dataset(
        key="digits",
        title=N_("Handwritten digits"),
        sentence=N_("A row is a picture of 8 x 8 grey values; tell which of the ten digits was written."),
        task="classes",
        rows=1797,
        columns=64,
        classes=tuple("0123456789"),
        source=f"Alpaydin, Kaynak (1998), Optical Recognition of Handwritten Digits, {_UCI}",
        terms=_CARRIED,
        read=_sklearn("load_digits"),
    ),
    Dataset(
        key="iris",
        title=N_("Iris"),
        sentence=N_("A row is a flower, by the length and width of its petals and sepals; tell its species."),
        task="classes",
        rows=150,
        columns=4,
        classes=(N_("setosa"), N_("versicolor"), N_("virginica")),
        source=f"Fisher (1936), The use of multiple measurements in taxonomic problems, {_UCI}",
        terms=_CARRIED,
        read=_sklearn("load_iris"),
    ),
    Dataset(
        key="wine",
        title=N_("Wine"),
        sentence=N_("A row is a wine, by 13 chemical measurements; tell which of three cultivars it is made from."),
        task="classes",
        rows=178,
        columns=13,
        classes=(N_("cultivar 1"), N_("cultivar 2"), N_("cultivar 3")),
        source=f"Aeberhard, Forina (1992), Wine, {_UCI}",
        terms=_CARRIED,
        read=_sklearn("load_wine"),
    ),
    Dataset(
        key="diabetes",
        title=N_("Diabetes"),
        sentence=N_(
            "A row is a patient, by ten measurements; predict how far the disease has progressed a year later."
        ),
        task="numbers",
        rows=442,
        columns=10,
        classes=(),
        source="Efron, Hastie, Johnstone, Tibshirani (2004), Least Angle Regression, Annals of Statistics 32",
        terms=_CARRIED,
        read=_sklearn("load_diabetes"),
    ),
)
