"""A store's table for other tools."""

from __future__ import annotations

import csv
from pathlib import Path

from dualgap.core.errors import UsageError
from dualgap.study.sweep.schema import COLUMNS
from dualgap.study.sweep.store import Store


def write_table(store: Store, path: Path) -> None:
    """All runs' columns as ``.csv`` or ``.parquet``, whole or not at all.

    Raises:
        UsageError: Parquet, without the packages for it.
    """
    partial = path.with_name(path.name + ".partial")
    if path.suffix == ".parquet":
        try:
            import pandas
            import pyarrow  # noqa: F401
        except ImportError:
            raise UsageError("Parquet needs pandas and pyarrow: pip install 'dualgap[parquet]'") from None
        pandas.DataFrame(store.rows(), columns=list(COLUMNS)).to_parquet(partial)
    else:
        with partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(store.rows())
    partial.replace(path)
