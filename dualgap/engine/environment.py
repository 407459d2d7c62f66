"""What a run was made with: versions and the machine."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_DISTRIBUTIONS = {"pulp": "PuLP"}


def versions(modules: Iterable[str] = ()) -> dict[str, str]:
    """Versions of dualgap, Python, NumPy and the given modules' distributions."""
    wanted = ("dualgap", "numpy", *(module.partition(".")[0] for module in modules))
    found = {"python": platform.python_version()}
    for name in wanted:
        version = _version(name)
        if version:
            found[name] = version
    return found


@cache
def _version(name: str) -> str:
    try:
        return importlib.metadata.version(_DISTRIBUTIONS.get(name, name))
    except importlib.metadata.PackageNotFoundError:
        return ""


def machine() -> dict[str, str | int]:
    """The processor's architecture, the cores that this process may use, the system."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {"system": platform.system(), "machine": platform.machine(), "cores": cores}


def cache_folder() -> Path:
    """Where compiled programs and derived arrays are kept between runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dualgap"


def artefact_store() -> Path | None:
    """Where derived arrays are kept; None where the cache can't be written (their hashes are recorded all the same)."""
    folder = cache_folder() / "artefacts"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder
