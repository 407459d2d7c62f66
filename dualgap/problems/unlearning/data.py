"""From raw specs to closed ones: rows get their roles, models are trained, the level is fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import Resolver, parse_number
from dualgap.problems.columns import text_fault
from dualgap.problems.unlearning.models import Model
from dualgap.problems.unlearning.objective import Objective
from dualgap.problems.unlearning.roles import FORGET, FORGET_SHAPES, RETAIN, TEST, forget_rows, test_rows
from dualgap.problems.unlearning.training import Recipe, trained

ALL = "*"
_KINDS = ("logistic", "mlp")
_MODEL = {"type", "l2", "hidden", "steps", "rate", "batch"}
_RETRAIN = 1_000  # added to the seed: retrained models start elsewhere
CLOSED = ("roles", "classes", "retrained", "rho", "tilt", "l2", "hidden", "names")


def closed(spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
    """The closed spec's fields.

    Raises:
        SpecError: lists what can't be read, each with a remedy.
    """
    raw = dict(spec)
    if "roles" in raw:  # closed already
        return raw
    table = _table(raw, resolver)
    said = {name: raw.pop(name, None) for name in ("forget", "test", "model", "trained", "level", "models", "drop")}
    if said["forget"] is None:
        raise SpecError([Fault("forget", "missing: which rows are to be forgotten?", FORGET_SHAPES)])
    label = raw.pop("label", "label")
    x, names = _features(raw.pop("features", ALL), label, said, table)
    codes, classes = _classes(label, table)
    test = test_rows(said["test"], table, len(x), resolver.seed)
    fields = {"features": x, "label": codes, "classes": classes, "names": names}
    return {**raw, **fields, **_models(x, codes, classes, test, said, table, resolver)}


def _models(
    x: np.ndarray,
    codes: np.ndarray,
    classes: tuple[str, ...],
    test: np.ndarray,
    said: Mapping[str, Any],
    table: Mapping[str, Sequence[Any]],
    resolver: Resolver,
) -> dict[str, Any]:
    l2, hidden, recipe = _model(said["model"])
    model = Model(x.shape[1], len(classes), hidden)
    tilt = np.zeros(0)

    def objective(rows: np.ndarray) -> Objective:
        return Objective.of(model, x[rows], codes[rows], l2, tilt)

    w = _given(said["trained"], model, resolver)
    if w is None:
        w = resolver.record("trained", trained(objective(~test), recipe, resolver.seed))
    forget = _forgotten(said["forget"], table, model, w, x, codes, classes, test, resolver.seed)
    keep = ~test & ~forget
    if not keep.any():
        raise SpecError([Fault("forget", "no row is left to be retained", "forget fewer")])
    count = 1 if said["models"] is None else _whole(said["models"], "models")
    retrained = np.array(
        [trained(objective(keep), recipe, resolver.seed + _RETRAIN + k) for k in range(1 if model.linear and count else count)]
    ).reshape(-1, model.size)
    if len(retrained):
        resolver.record("retrained", retrained)
    roles = np.where(test, TEST, np.where(forget, FORGET, RETAIN))
    rho = _level(said["level"], model, w, retrained, x, codes, test, forget)
    return {"roles": roles, "trained": w, "retrained": retrained, "l2": l2, "hidden": hidden, "rho": rho}
