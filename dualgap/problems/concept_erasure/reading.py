"""Raw specs of concept erasure: columns of a table as features and concept; texts are categories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import Resolver
from dualgap.problems.columns import as_rows, categories, columns_of_numbers, named, row_names

EVERY = "*"


def closed_fields(spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
    """The closed spec: features as a matrix with a row an example, the concept as texts or numbers.

    Raises:
        SpecError: a column that isn't there, or a table without a column of numbers beside the concept.
    """
    raw = dict(spec)
    categorical = raw.pop("categorical", False)
    if not isinstance(categorical, bool):
        raise SpecError([Fault("categorical", f"expected true or false, got {shown(categorical)}", "write true")])
    features = raw.setdefault("features", EVERY) if "data" in raw else None
    if isinstance(features, str) and features == EVERY:
        taken = named(raw.get("concept"))
        remedy = "name the columns of the features" if taken else "name the column of the concept"
        raw["features"] = features = columns_of_numbers(resolver.table(raw["data"], "data"), taken, remedy)
    closed = resolver.columns(raw, ("features", "concept"), texts=("concept",))
    if given := named(features):
        closed["features"] = as_rows(closed["features"])
        closed["names"] = row_names(raw.get("names", given), closed["features"])
    if "concept" in closed:
        closed["concept"] = categories(closed["concept"], "data" in raw, categorical)
    return closed
