"""Forms as HiGHS models: arrays handed over whole, options checked, models written to files."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dualgap.core.errors import UsageError
from dualgap.core.forms import MixedIntegerProgram

# In .lp files a name that starts like a number (or its exponent) would be read as one.
_NAMES = {".mps": re.compile(r"\S{1,255}"), ".lp": re.compile(r"(?![eE][0-9])[A-Za-z_][\w.\[\]]{0,254}", re.ASCII)}


def load(form: MixedIntegerProgram, options: Mapping[str, Any], *, relaxed: bool = False) -> Any:
    """A silent ``highspy.Highs`` with the options set and the form (or its linear relaxation) passed.

    The scheduler belongs to the thread and keeps the number of threads of its first use: it is reset, so that a warm
    process can run with another number.

    Raises:
        UsageError: an option that HiGHS doesn't have, or a value that it doesn't take.
        ValueError: HiGHS refuses the model.
    """
    import highspy

    highspy.Highs.resetGlobalScheduler(True)
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    for name, value in options.items():
        _set_option(highs, name, value)
    columns, rows = form.size
    integer = np.zeros(columns, dtype=np.int32) if relaxed else form.integer.astype(np.int32)
    status = highs.passModel(
        columns,
        rows,
        form.matrix.nnz,
        int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMinimize),
        float(form.offset),
        *(np.asarray(array, dtype=np.float64) for array in (form.cost, form.lower, form.upper)),
        *(np.asarray(array, dtype=np.float64) for array in (form.row_lower, form.row_upper)),
        np.asarray(form.matrix.indptr, dtype=np.int32),
        np.asarray(form.matrix.indices, dtype=np.int32),
        np.asarray(form.matrix.data, dtype=np.float64),
        integer,
    )
    if status == highspy.HighsStatus.kError:
        raise ValueError("HiGHS refuses the model")
    return highs


def _set_option(highs: Any, name: str, value: Any) -> None:
    import highspy

    status, kind = highs.getOptionType(name)
    if status != highspy.HighsStatus.kOk:
        known = [option for option in dir(highs.getOptions()) if not option.startswith("_")]
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "see https://ergo-code.github.io/HiGHS/dev/options/definitions"
        raise UsageError(f"HiGHS has no option {name!r}; {hint}")
    if isinstance(value, bool) and kind == highspy.HighsOptionType.kString:
        value = "on" if value else "off"
    if highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
        raise UsageError(f"HiGHS option {name} can't be {value!r}")


def write_model(form: MixedIntegerProgram, path: str | Path) -> str:
    """Writes the form as ``.mps`` or ``.lp``, by its suffix, with the names of columns and rows.

    Returns:
        What the file format couldn't keep, for people; empty where every name was kept.

    Raises:
        UsageError: another suffix, or the file can't be written.
    """
    import highspy

    target = Path(path)
    if target.suffix not in _NAMES:
        raise UsageError(f"can't write a model to {target.name}: the name must end in .mps or .lp")
    highs = load(form, {})
    lost = []
    for kind, names, give in (("column", form.columns, highs.passColName), ("row", form.rows, highs.passRowName)):
        bad = next((name for name in names if not _NAMES[target.suffix].fullmatch(name)), None)
        if bad is not None:
            lost.append(f"{target.suffix} files can't hold the {kind} name {bad!r}: {kind}s are numbered in order")
            continue
        for index, name in enumerate(names):
            give(index, name)
    if highs.writeModel(str(target)) == highspy.HighsStatus.kError:
        raise UsageError(f"can't write {target}; is its folder there and writable?")
    return "; ".join(lost)
