"""Preprocessing of the Titanic data: ten columns of numbers, computed from the columns that Kaggle gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

NAMES = ("Pclass", "female", "Age", "SibSp", "Parch", "Fare", "alone", "from C", "from Q", "from S")


def features(raw: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the ten columns `NAMES` [rows, 10] in float64, computed from the columns that Kaggle gives.

    Words are encoded as numbers, and one column is new: whether a passenger travelled without family. Missing values
    stay missing: an age is nan until it is replaced by the median of the training set, and two passengers have no port.
    """
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder

    sexes: Any = [["male", "female"]]  # becomes 0 and 1
    ports: Any = [["C", "Q", "S"]]  # becomes three columns, with a 1 in one of them, or in none
    transformer = make_column_transformer(
        ("passthrough", ["Pclass"]),
        (OrdinalEncoder(categories=sexes), ["Sex"]),
        ("passthrough", ["Age", "SibSp", "Parch", "Fare"]),
        (FunctionTransformer(lambda family: family.sum(axis=1).to_frame() == 0), ["SibSp", "Parch"]),
        (OneHotEncoder(categories=ports, handle_unknown="ignore"), ["Embarked"]),
        sparse_threshold=0,
    )
    return np.asarray(transformer.fit_transform(pd.DataFrame(raw)), np.float64)
