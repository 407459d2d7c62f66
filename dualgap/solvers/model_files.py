"""Integer programs as files for other tools: MPS by our own writer, LP by HiGHS."""

from __future__ import annotations

import re
from pathlib import Path

from dualgap.core.errors import UsageError
from dualgap.core.forms import MixedIntegerProgram
from dualgap.solvers import mps
from dualgap.solvers.highs_model import load

SUFFIXES = (*mps.SUFFIXES, ".lp")
# A name that starts like a number (or its exponent) would be read as one.
_LP_NAME = re.compile(r"(?![eE][0-9])[A-Za-z_][\w.\[\]]{0,254}", re.ASCII)


def write_model(form: MixedIntegerProgram, path: str | Path) -> str:
    """Writes the form as ``.mps``, ``.mps.gz`` or ``.lp``, by its suffix, with the names of columns and rows.

    Returns:
        What the file couldn't keep, for people; empty where it holds the form as it is.

    Raises:
        UsageError: another suffix, or the file can't be written.
    """
    target = Path(path)
    if target.name.endswith(mps.SUFFIXES):
        return mps.write_mps(form, target)
    if target.suffix == ".lp":
        return _write_lp(form, target)
    raise UsageError(f"can't write a model to {target.name}: the name must end in {', '.join(SUFFIXES)}")


def _write_lp(form: MixedIntegerProgram, target: Path) -> str:
    import highspy

    highs = load(form, {})
    lost = []
    for kind, names, give in (("column", form.columns, highs.passColName), ("row", form.rows, highs.passRowName)):
        bad = next((name for name in names if not _LP_NAME.fullmatch(name)), None)
        if bad is not None:
            lost.append(f".lp files can't hold the {kind} name {bad!r}: {kind}s are numbered in order")
            continue
        for index, name in enumerate(names):
            give(index, name)
    try:
        target.write_text("")  # HiGHS crashes where it can't open the file
    except OSError as error:
        raise UsageError(f"can't write {target}: {error.strerror}; is its folder there and writable?") from None
    if highs.writeModel(str(target)) == highspy.HighsStatus.kError:
        raise UsageError(f"HiGHS can't write {target}")
    return "; ".join(lost)
