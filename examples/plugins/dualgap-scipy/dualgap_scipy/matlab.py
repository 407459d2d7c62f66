"""Answers as MATLAB files, through ``scipy.io.savemat``."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

from dualgap import Problem


def mat(problem: Problem, answer: Any) -> bytes:
    """The answer's fields as variables, with names that MATLAB takes; a table by name is a struct."""
    from scipy.io import savemat

    file = io.BytesIO()
    savemat(file, _named({"kind": problem.kind, **problem.write_answer(answer)}))
    return file.getvalue()


def _named(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields under distinct names of letters, digits and underscores, the first a letter."""
    named: dict[str, Any] = {}
    for name, value in fields.items():
        plain = re.sub(r"\W", "_", str(name), flags=re.ASCII)[:24]
        plain = plain if plain[:1].isalpha() else f"x{plain}"
        free = plain if plain not in named else f"{plain}_{len(named)}"
        named[free] = _named(value) if isinstance(value, Mapping) else [] if value is None else value
    return named
