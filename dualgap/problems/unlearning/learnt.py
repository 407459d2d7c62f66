"""What a raw spec leaves to be learnt: the trained model, the rows of the smallest margins, the retrained ones, rho."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import Resolver
from dualgap.problems.unlearning.models import Model
from dualgap.problems.unlearning.objective import Objective
from dualgap.problems.unlearning.roles import FORGET, RETAIN, TEST, VALIDATION, forget_rows
from dualgap.problems.unlearning.training import OPTIMAL, Recipe, trained

_MODELS = ("logistic", "mlp")
_L2 = 1e-3  # of a logistic regression; networks have none by default
_HIDDEN = (64,)
_OTHER_STARTS = 1_000  # added to the seed: retrained networks begin elsewhere than the trained one


@dataclass(frozen=True)
class Said:
    """The raw fields, as they are written."""

    forget: Any = None
    test: Any = None
    validation: Any = None
    model: Any = None
    trained: Any = None
    level: Any = None
    noise: Any = None
    models: Any = None


def learnt(
    x: np.ndarray,
    codes: np.ndarray,
    classes: Sequence[str],
    unseen: tuple[np.ndarray, np.ndarray],
    said: Said,
    table: Mapping[str, Sequence[Any]],
    resolver: Resolver,
) -> dict[str, Any]:
    """The closed fields that training fills in.

    Args:
        x: (n, d). codes: (n,) classes by number, ``classes`` their names.
        unseen: (n,) bool each, rows for testing and for validation.
        table: columns by name, for the rows to forget.

    Raises:
        SpecError: a field that can't be read, or nothing left to learn from.
    """
    hidden, l2, recipe = read_model(said.model)
    model = Model(x.shape[1], len(classes), hidden)
    sigma = 0.0 if said.noise is None else _number(said.noise, "noise", 0.0)
    if sigma and not model.linear:
        raise SpecError([Fault("noise", "certified removal is for convex objectives", 'take model.type = "logistic"')])
    noise = _noise(sigma, model.size, resolver.seed)

    def objective(rows: np.ndarray) -> Objective:
        return Objective.of(model, x[rows], codes[rows], l2, noise if sigma else None)

    test, held = unseen
    training = ~test & ~held
    if not training.any():
        raise SpecError([Fault("validation", "no row is left to be learnt", "hold fewer back")])
    w = _given(said.trained, model, resolver)
    if w is None:
        w = resolver.record("trained", trained(objective(training), recipe, resolver.seed))
    forget = _forgotten(said.forget, table, objective, w, [classes[k] for k in codes], training, resolver.seed)
    keep = training & ~forget
    resolver.record("forgotten", np.column_stack([x[forget], codes[forget]]))  # runs keep its hash, not the rows
    if not keep.any():
        raise SpecError([Fault("forget", "no row is left to be retained", "forget fewer")])
    count = 1 if said.models is None else int(_number(said.models, "models", 0, whole=True))
    seeds = range(resolver.seed + _OTHER_STARTS, resolver.seed + _OTHER_STARTS + count)
    if model.linear:  # one optimum, wherever the way to it begins
        again = [objective(keep).minimiser(w, OPTIMAL)] if count else []
    else:
        again = [trained(objective(keep), recipe, seed) for seed in seeds]
    retrained = np.array(again).reshape(-1, model.size)
    if count:
        resolver.record("retrained", retrained)
    rows = {"unseen": held if held.any() else test, "forget": forget}
    return {
        "roles": np.select([test, held, forget], [TEST, VALIDATION, FORGET], RETAIN),
        "trained": w,
        "retrained": retrained if count else (),
        "l2": l2,
        "hidden": hidden,
        "steps": recipe.steps,
        "rate": recipe.rate,
        "batch_size": recipe.batch,
        "rho": _level(said.level, model, w, retrained, {name: (x[part], codes[part]) for name, part in rows.items()}),
        "noise": noise if sigma else (),
        "sigma": sigma,
    }


def read_model(said: Any) -> tuple[tuple[int, ...], float, Recipe]:
    """Hidden units, l2 and how networks are trained.

    Raises:
        SpecError: an unknown model or field, or a number that is none.
    """
    said = {"type": "logistic"} if said is None else said
    shape = '{type = "logistic", l2 = 1e-3} or {type = "mlp", hidden = [64], l2 = 0, steps = 300}'
    if not isinstance(said, Mapping) or said.get("type") not in _MODELS:
        raise SpecError([Fault("model", f"{shown(said)} is no model", shape)])
    network = said["type"] == "mlp"
    allowed = {"type", "l2", *(("hidden", "steps", "rate", "batch") if network else ())}
    if unknown := sorted(set(said) - allowed):
        raise SpecError([Fault(f"model.{unknown[0]}", "unknown field", f"known fields: {', '.join(sorted(allowed))}")])
    l2 = _number(said.get("l2", 0.0 if network else _L2), "model.l2", 0.0)
    if not network:
        if l2 == 0:
            raise SpecError(
                [Fault("model.l2", "without a ridge nothing bounds the distance to retraining", "1e-3, say")]
            )
        return (), l2, Recipe()
    hidden = said.get("hidden", list(_HIDDEN))
    if not isinstance(hidden, list | tuple) or not hidden:
        raise SpecError([Fault("model.hidden", f"{shown(hidden)} is no list of units", "[64], say")])
    units = tuple(int(_number(units, "model.hidden", 1, whole=True)) for units in hidden)
    plain = Recipe()
    recipe = Recipe(
        int(_number(said.get("steps", plain.steps), "model.steps", 1, whole=True)),
        _positive(said.get("rate", plain.rate), "model.rate"),
        int(_number(said.get("batch", plain.batch), "model.batch", 1, whole=True)),
    )
    return units, l2, recipe


def _positive(value: Any, where: str) -> float:
    if found := _number(value, where, 0.0):
        return found
    raise SpecError([Fault(where, "0 is no rate", "1e-3, say")])


def _noise(sigma: float, size: int, seed: int) -> np.ndarray:
    """(size,) b, drawn once with its seed; empty for none."""
    return np.random.Generator(np.random.PCG64([seed, 2])).normal(0.0, sigma, size) if sigma else np.zeros(0)


def _given(said: Any, model: Model, resolver: Resolver) -> np.ndarray | None:
    """(p,) parameters that were trained elsewhere."""
    if said is None:
        return None
    found = resolver.array(said, "trained") if isinstance(said, str) else np.array(said, dtype=np.float64)
    if found.size != model.size:
        layers = " and ".join(f"{inputs} x {outputs} weights, {outputs} biases" for inputs, outputs in model.layers)
        raise SpecError([Fault("trained", f"{found.size} parameters, for a model of {model.size}", layers)])
    return found.astype(np.float64).ravel()


def _forgotten(
    said: Any,
    table: Mapping[str, Sequence[Any]],
    objective: Any,
    w: np.ndarray,
    names: Sequence[str],
    training: np.ndarray,
    seed: int,
) -> np.ndarray:
    """(n,) bool: the rows to forget."""
    if not (isinstance(said, Mapping) and "margin" in said):
        return forget_rows(said, table, training, names, seed)
    if set(said) != {"margin"}:
        raise SpecError([Fault("forget", f"{shown(said)} names no rows", "{margin = 0.1}")])
    share = _number(said["margin"], "forget.margin", 0.0)
    if not 0 < share < 1:
        raise SpecError([Fault("forget.margin", f"{share:g} is no share", "between 0 and 1; 0.1, say")])
    learned = objective(training)
    where = np.flatnonzero(training)
    hardest = np.argsort(-learned.model.losses(w, learned.x, learned.labels), kind="stable")
    found = np.zeros(len(training), dtype=bool)
    found[where[hardest[: max(1, round(share * len(where)))]]] = True
    return found


def _level(
    said: Any, model: Model, w: np.ndarray, retrained: np.ndarray, rows: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> float | None:
    """rho; None where it is to come from unseen rows, and there are none."""
    if said is None or said == "holdout":
        if not len(rows["unseen"][1]):
            if said is None:
                return None
            raise SpecError([Fault("level", "no rows are held back", "give test rows, or a number")])
        return float(model.losses(w, *rows["unseen"]).mean())
    if said == "retrain":
        if not len(retrained):
            raise SpecError([Fault("level", "no model is retrained", "models = 1, or a number")])
        return float(np.mean([model.losses(again, *rows["forget"]).mean() for again in retrained]))
    if isinstance(said, str):
        raise SpecError([Fault("level", f"{shown(said)} is no level", '"holdout", "retrain" or a number')])
    return _number(said, "level", 0.0)


def _number(value: Any, where: str, least: float, *, whole: bool = False) -> float:
    kinds = int if whole else (int, float, np.integer, np.floating)
    try:
        found = float(value) if not isinstance(value, bool | str) else float("nan")
    except (TypeError, ValueError):
        found = float("nan")
    if not np.isfinite(found) or found < least or (whole and not isinstance(value, kinds)):
        what = "whole number" if whole else "number"
        raise SpecError([Fault(where, f"{shown(value)} is no {what} from {least:g}", f"{max(least, 1):g}, say")])
    return found
