from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gis.lattice import cells_of, lattice_for


@pytest.fixture
def peer_warnings() -> Iterator[None]:
    """Let the peer libraries say what they like about their own future."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="session")
def assaults(shared_data: Path) -> pd.DataFrame:
    """Return the aggravated assaults of Chicago, 2010 to 2019."""
    return pd.read_csv(shared_data / "chicago" / "chicago_aggravated_assaults.csv.gz", parse_dates=["date"])


@pytest.fixture(scope="session")
def chicago_square(assaults: pd.DataFrame) -> np.ndarray:
    """Return the counts of 2018 and 2019 in 100 × 100 cells of 150 m on the west side, shape ``(rows, columns)``."""
    lattice = lattice_for(-87.7, 41.85, 150.0)
    late = assaults[assaults["date"] >= "2018-01-01"]
    column, row = cells_of(late["longitude"].to_numpy(), late["latitude"].to_numpy(), lattice)
    middle = cells_of([-87.71], [41.87], lattice)
    x, y = column - middle[0] + 50, row - middle[1] + 50
    inside = (x >= 0) & (x < 100) & (y >= 0) & (y < 100)
    counts = np.zeros((100, 100))
    np.add.at(counts, (y[inside], x[inside]), 1.0)
    return counts
