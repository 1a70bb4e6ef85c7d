"""Real data sets that are included in scikit-learn (nothing is downloaded)."""

from __future__ import annotations

import functools
from collections.abc import Callable

from datasets.dataset import Dataset, Table, pixel_names, still
from spec import N_


def _sklearn(loader: str) -> Callable[[], Table]:
    @functools.cache
    def read() -> Table:
        # Imported here: it takes a second, and the web process only needs titles and sizes.
        import sklearn.datasets

        return still(getattr(sklearn.datasets, loader)(return_X_y=True))

    return read


_UCI = "UCI Machine Learning Repository"
_CARRIED = N_("Included in scikit-learn (BSD 3-Clause). The terms of the data are those of its source.")

_NUCLEUS = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave points", "symmetry",
    "fractal dimension",
)  # fmt: skip

MEASURED = (
    Dataset(
        key="breast_cancer",
        title=N_("Breast cancer"),
        sentence=N_("Each row is a tumor, described by 30 measurements of its cell nuclei. Predict whether it is "
                    "malignant or benign."),
        task="binary",
        rows=569,
        columns=30,
        classes=(N_("malignant"), N_("benign")),
        source=f"Wolberg, Mangasarian, Street, Street (1995), Breast Cancer Wisconsin (Diagnostic), {_UCI}",
        terms=_CARRIED,
        read=_sklearn("load_breast_cancer"),
        names=tuple(f"{a}{what}{b}" for a, b in (("mean ", ""), ("", " error"), ("worst ", "")) for what in _NUCLEUS),
        units=N_(
            "Lengths are in pixels of the microscope image. Each measurement has three columns: mean, standard "
            "error (error), and worst, the mean of the three largest values."
        ),
        plain_split=True,  # for the lecture notes' test accuracies: scikit-learn's split with random_state=0
    ),
    Dataset(
        key="digits",
        title=N_("Handwritten digits"),
        sentence=N_("Each row is an image of 8 x 8 gray values. Predict which of the ten digits was written."),
        task="classes",
        rows=1797,
        columns=64,
        classes=tuple("0123456789"),
        source=f"Alpaydin, Kaynak (1998), Optical Recognition of Handwritten Digits, {_UCI}",
        terms=_CARRIED,
        read=_sklearn("load_digits"),
        names=pixel_names(8, 8),
        units=N_("Gray values from 0 to 16."),
        pixels=(8, 8),
    ),
    Dataset(
        key="iris",
        title=N_("Iris"),
        sentence=N_("Each row is a flower, described by the length and width of its petals and sepals. Predict its "
                    "species."),
        task="classes",
        rows=150,
        columns=4,
        classes=(N_("setosa"), N_("versicolor"), N_("virginica")),
        source=f"Fisher (1936), The use of multiple measurements in taxonomic problems, {_UCI}",
        terms=_CARRIED,
        read=_sklearn("load_iris"),
        names=(N_("sepal length"), N_("sepal width"), N_("petal length"), N_("petal width")),
        units=N_("Centimeters."),
    ),
    Dataset(
        key="wine",
        title=N_("Wine"),
        sentence=N_("Each row is a wine, described by 13 chemical measurements. Predict which of three grape "
                    "cultivars it is made from."),
        task="classes",
        rows=178,
        columns=13,
        classes=(N_("cultivar 1"), N_("cultivar 2"), N_("cultivar 3")),
        source=f"Aeberhard, Forina (1992), Wine, {_UCI}",
        terms=_CARRIED,
        read=_sklearn("load_wine"),
        names=(
            "alcohol", "malic acid", "ash", "alcalinity of ash", "magnesium", "total phenols", "flavanoids",
            "nonflavanoid phenols", "proanthocyanins", "color intensity", "hue", "od280/od315 of diluted wines",
            "proline",
        ),
    ),
    Dataset(
        key="diabetes",
        title=N_("Diabetes"),
        sentence=N_(
            "Each row is a patient, described by ten measurements. Predict how far the disease has progressed one "
            "year later."
        ),
        task="numbers",
        rows=442,
        columns=10,
        classes=(),
        source="Efron, Hastie, Johnstone, Tibshirani (2004), Least Angle Regression, Annals of Statistics 32",
        terms=_CARRIED,
        read=_sklearn("load_diabetes"),
        names=("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"),
        units=N_(
            "Body mass index (bmi), mean blood pressure (bp) and six blood measurements (s1 to s6). In the source, "
            "every column is already centered and scaled so that its squares add up to 1."
        ),
    ),
)  # fmt: skip
