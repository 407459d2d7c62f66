"""Forms as HiGHS models: arrays handed over whole, options checked."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import numpy as np

from dualgap.core.errors import UsageError
from dualgap.core.forms import MixedIntegerProgram

# Probing in presolve takes time quadratic in the length of a row and doesn't look at the clock: 0.9 s at 5,000 binary
# columns, 7 s at 10,000, over a minute at 100,000, where the search without presolve closes 4e-6 in one second.
_LONG_ROW = 5_000


def may_presolve(form: MixedIntegerProgram) -> bool:
    """Whether HiGHS's presolve keeps time limits on a form, and its optimum.

    In 1.14.0 it may cut off the optimum where continuous columns stand alone beside whole ones (ERGO-Code/HiGHS#2961,
    mended in 1.15, which can't be imported beside OR-Tools): so not where a program has both.
    """
    mixed = bool(form.integer.any()) and not bool(form.integer.all())
    long = bool(form.integer.any()) and int(np.diff(form.matrix.indptr).max(initial=0)) > _LONG_ROW
    return not (mixed or long)


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
