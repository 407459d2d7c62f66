"""Model files by their suffix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dualgap.core.errors import Fault, SpecError
from dualgap.problems.integer_program.lp import read_lp
from dualgap.problems.integer_program.mps import read_mps

_READERS = {".mps": read_mps, ".lp": read_lp}


def read_model(path: Path) -> dict[str, Any]:
    """The raw spec in a ``.mps`` or ``.lp`` file, also with ``.gz``.

    Raises:
        SpecError: another suffix, or a fault in the file with its line.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    reader = _READERS.get(suffixes[-1] if suffixes else "")
    if reader is None:
        raise SpecError([Fault("file", f"{path.name} doesn't say its format", "use .mps, .lp, .mps.gz or .lp.gz")])
    return reader(path)
