"""How ten columns of numbers are made of what is known about the passengers of the Titanic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

NAMES = ("Pclass", "female", "Age", "SibSp", "Parch", "Fare", "alone", "from C", "from Q", "from S")


def features(raw: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the ten columns `NAMES` [rows, 10] in float64, made of the columns that Kaggle gives.

    Words become numbers, and one column is new: whether somebody travelled without family. What is not known stays
    unknown: an age is nan until the training part can say what its median is, and two passengers come from no port.
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
