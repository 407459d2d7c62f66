"""From raw specs to closed ones: columns are taken, rows get their roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic_core import PydanticCustomError

from dualgap.core.arrays import as_array, fault_at
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import Resolver, parse_number
from dualgap.problems.columns import as_rows, columns_of_numbers, named, row_names, text_fault
from dualgap.problems.unlearning.learnt import Said, learnt
from dualgap.problems.unlearning.raw import RAW_FIELDS
from dualgap.problems.unlearning.roles import FORGET_SHAPES, unseen_rows

EVERY = "*"


def closed(spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
    """The closed spec's fields: files read, roles given, models trained.

    Raises:
        SpecError: lists what can't be read, each with a remedy.
    """
    raw = dict(spec)
    if not raw.keys().isdisjoint(("roles", "retrained")):  # closed already
        return raw
    said = Said(**{name: raw.pop(name, None) for name in (*RAW_FIELDS, "trained") if name not in ("data", "drop")})
    if said.forget is None:
        raise SpecError([Fault("forget", "missing: which rows are to be forgotten?", FORGET_SHAPES)])
    drop, data = named(raw.pop("drop", None)), raw.get("data")
    table = {} if data is None else resolver.cells(data, "data")
    if data is not None and raw.setdefault("features", EVERY) == EVERY:
        taken = {*named(raw.get("label")), *drop, *_columns_of(said.forget), *_columns_of(said.test)}
        taken |= _columns_of(said.validation)
        found = resolver.table(data, "data")
        raw["features"] = columns_of_numbers(found, taken, "name the columns of the features")
    given = named(raw.get("features")) if data is not None else ()
    fields = resolver.columns(raw, ("features", "label"), texts=("label",))
    for name in ("features", "label"):
        if fields.get(name) is None:
            raise SpecError([Fault(name, "missing", "name a column of data" if data is not None else "add it")])
    if given:
        if isinstance(raw["features"], list) and (faults := _texts(given, fields["features"])):
            raise SpecError(faults)
        fields["features"] = as_rows(fields["features"])
        fields["names"] = row_names(fields.get("names", given), fields["features"])
    x = _matrix(fields["features"])
    codes, classes = coded(fields["label"])
    if len(codes) != len(x):
        raise SpecError([Fault("label", f"{len(codes):,} entries, with {len(x):,} rows", "one a row")])
    table = table or {"row": list(range(len(x)))}
    unseen = unseen_rows(said.test, said.validation, table, len(x), resolver.seed)
    fields |= {"features": x, "label": codes, "class_names": classes}
    return fields | learnt(x, codes, classes, unseen, said, table, resolver)


def coded(label: Any) -> tuple[np.ndarray, tuple[str, ...]]:
    """(n,) classes by number and their names; numbers are in their order, texts in the alphabet's.

    Raises:
        SpecError: one class only, or a row without any.
    """
    cells = label.tolist() if isinstance(label, np.ndarray) else list(label)
    texts = [str(cell).strip() for cell in cells]
    if "" in texts:
        raise SpecError([Fault("label", f"row {texts.index('') + 1} has no class", "leave it out, or name it")])
    classes = tuple(sorted(set(texts), key=_by_number))
    if len(classes) < 2:
        raise SpecError([Fault("label", "all rows are of one class", "give rows of two classes at least")])
    number = {name: k for k, name in enumerate(classes)}
    return np.array([number[text] for text in texts], dtype=np.int64), classes


def _by_number(text: str) -> tuple[bool, float, str]:
    try:
        return False, float(parse_number(text)), text
    except ValueError:
        return True, 0.0, text


def _matrix(features: Any) -> np.ndarray:
    try:
        array = as_array(features)
    except PydanticCustomError as error:
        raise SpecError([fault_at("features", error)]) from None
    if array.ndim != 2:
        raise SpecError([Fault("features", f"expected 2 dimensions, got {array.ndim}", "one row an example")])
    return array.astype(np.float64)


def _texts(names: Sequence[str], columns: Sequence[Any]) -> list[Fault]:
    lists = [(name, column) for name, column in zip(names, columns) if isinstance(column, list)]
    return [found for name, column in lists if (found := text_fault(name, column))]


def _columns_of(said: Any) -> set[str]:
    return set(named(said.get("column"))) if isinstance(said, Mapping) else set()
