"""One code for NumPy arrays and for traced JAX arrays: their module, and the one loop."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np


def namespace(x: Any) -> Any:
    """NumPy or its like: the module that the array belongs to."""
    return x.__array_namespace__() if hasattr(x, "__array_namespace__") else np


def until(xp: Any, done: Callable[[Any], Any], step: Callable[[Any], Any], state: Any) -> Any:
    """``state = step(state)`` until ``done(state)``; a traced loop for JAX's arrays, which bring JAX along."""
    if xp.__name__.startswith("jax"):
        return sys.modules["jax"].lax.while_loop(lambda now: xp.logical_not(done(now)), step, state)
    while not done(state):
        state = step(state)
    return state
