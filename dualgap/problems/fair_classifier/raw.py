"""What raw specs may say beside the closed fields, for people and for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RAW_FIELDS: Mapping[str, str] = {
    "data": "a file of columns (.csv, .csv.gz, .npz or .parquet), relative to the spec, or Folktables' "
    '{file = "psam_p06.csv", type = "folktables", task = "ACSIncome"}',
    "sensitive": "the columns whose values name the groups; several stand for all combinations",
    "categories": "columns of numbers that are names: each value a feature of its own",
    "drop": 'columns that features = "*" leaves out',
    "weight": "the column of counts, where rows stand for several people; rows without weight are left out",
    "missing": 'what an empty cell does: "error", the default; "category": a value of its own; "drop": the row goes',
    "unseen": 'what a predictor does with a category that it doesn\'t know: "none", the default (all its features are '
    '0), or "error"',
}
_TEXT = {"type": "string"}
_TEXTS = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
_NUMBERS = {"type": "array", "items": {"type": "number"}}

RAW_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "data": {
        "anyOf": [
            _TEXT,
            {
                "type": "object",
                "properties": {"file": _TEXT, "type": {"const": "folktables"}, "task": _TEXT},
                "required": ["file", "type", "task"],
            },
        ]
    },
    "sensitive": _TEXTS,
    "categories": _TEXTS,
    "drop": _TEXTS,
    "weight": _TEXT,
    "missing": {"enum": ["error", "category", "drop"], "default": "error"},
    "unseen": {"enum": ["none", "error"], "default": "none"},
    "features": {"anyOf": [_TEXT, {"type": "array", "items": {"anyOf": [_TEXT, _NUMBERS]}}]},
    "label": {
        "anyOf": [
            _NUMBERS,
            _TEXT,
            {
                "type": "object",
                "properties": {"column": _TEXT, "positive": {}},
                "required": ["column"],
                "additionalProperties": False,
            },
        ]
    },
    "groups": {"type": "array", "items": {"type": ["integer", "string"]}},
    "split": {
        "anyOf": [
            _NUMBERS,
            {
                "type": "object",
                "properties": {"column": _TEXT, "test": {"type": "number"}, "seed": {"type": "integer"}},
                "additionalProperties": False,
            },
        ]
    },
    "score": {"anyOf": [_TEXT, _NUMBERS]},
}
