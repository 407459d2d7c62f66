"""What raw specs may say beside the closed fields, for people and for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualgap.problems.unlearning.roles import FORGET_SHAPES

RAW_FIELDS: Mapping[str, str] = {
    "data": "a file of columns (.csv, .csv.gz, .npz or .parquet), relative to the spec",
    "forget": f"the rows to forget: {FORGET_SHAPES}",
    "test": 'the rows for testing: {fraction = 0.2, seed = 0}, the default, or {column = "split", equals = "test"}',
    "validation": "rows to choose methods and levels by, of those that aren't for testing; as test, none by default",
    "drop": 'columns that features = "*" leaves out',
    "model": '{type = "logistic", l2 = 1e-3}, the default, or {type = "mlp", hidden = [64], l2 = 0, steps = 200}',
    "level": 'rho, for methods that take a level: "holdout" (the unseen rows\' loss, the default), "retrain" (the '
    "retrained models'), or a number",
    "noise": "the standard deviation sigma of a random linear term in the objective (certified removal); 0 by default",
    "models": "how many models are retrained to compare with; 1 by default, and 0 for none",
}
_TEXT = {"type": "string"}
_NUMBER = {"type": "number"}
_WHOLE = {"type": "integer"}
_ROWS = {
    "type": "object",
    "properties": {
        "fraction": _NUMBER,
        "seed": _WHOLE,
        "indices": {"type": "array", "items": _WHOLE},
        "column": _TEXT,
        "equals": {},
        "class": {},
        "margin": _NUMBER,
    },
    "additionalProperties": False,
}

RAW_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "forget": _ROWS,
    "test": _ROWS,
    "validation": _ROWS,
    "drop": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]},
    "features": {"anyOf": [_TEXT, {"type": "array", "items": {"anyOf": [_TEXT, {"type": "array", "items": _NUMBER}]}}]},
    "label": {"anyOf": [_TEXT, {"type": "array", "items": {"type": ["number", "string"]}}]},
    "trained": {"anyOf": [_TEXT, {"type": "array", "items": _NUMBER}]},
    "model": {
        "type": "object",
        "properties": {
            "type": {"enum": ["logistic", "mlp"]},
            "l2": _NUMBER,
            "hidden": {"type": "array", "items": _WHOLE},
            "steps": _WHOLE,
            "rate": _NUMBER,
            "batch": _WHOLE,
        },
        "additionalProperties": False,
    },
    "level": {"anyOf": [{"enum": ["holdout", "retrain"]}, _NUMBER]},
    "noise": _NUMBER,
    "models": _WHOLE,
}
