"""Models of other packages: read as problems, and filled with what a run found."""

from __future__ import annotations

import importlib
from typing import Any

from dualgap.models.model import Model

_READERS = {
    ("pulp", "LpProblem"): "dualgap.models.pulp",
    ("cvxpy", "Problem"): "dualgap.models.cvxpy",
}


def read_model(thing: Any) -> Model | None:
    """A PuLP or CVXPY model as a problem; None for anything else.

    Classes are told by the names of their modules, so that neither package is imported for those who don't use it.

    Raises:
        SpecError: the model holds what an ``integer-program`` can't; says what and where.
    """
    for cls in type(thing).__mro__:
        reader = _READERS.get((cls.__module__.partition(".")[0], cls.__name__))
        if reader is not None:
            model: Model = importlib.import_module(reader).read(thing)
            return model
    return None
