"""JAX in scopes: 64-bit inside a block only, and sets as pytrees. Importing this module doesn't import JAX."""

from __future__ import annotations

import dataclasses
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from dualgap.core.sets import Product, Set


def x64() -> AbstractContextManager[None]:
    """64-bit numbers within the block, in this thread; the process's own setting is left alone."""
    import jax

    if hasattr(jax, "enable_x64"):
        scope: AbstractContextManager[None] = jax.enable_x64(True)
        return scope
    from jax.experimental import enable_x64

    older: AbstractContextManager[None] = enable_x64()
    return older


def traceable(domain: Set) -> Set:
    """The set itself, registered with JAX as a pytree: its data are arguments of a compiled function, not constants."""
    for part in domain.factors if isinstance(domain, Product) else ():
        traceable(part)
    cls: Any = type(domain)
    _register(cls)
    return domain


@cache
def _register(cls: Any) -> None:
    """Fields are leaves, except those that the class calls static."""
    import jax

    names = [field.name for field in dataclasses.fields(cls)]
    jax.tree_util.register_dataclass(
        cls,
        data_fields=[name for name in names if name not in cls.static],
        meta_fields=[name for name in names if name in cls.static],
    )
