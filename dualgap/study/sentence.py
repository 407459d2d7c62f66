"""The joint certificate's one English sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dualgap.core.certificate import Sense, Verdict
from dualgap.core.statement import format_gap, format_value
from dualgap.engine.run import Run

if TYPE_CHECKING:
    from dualgap.study.joint import Joint


def joint_statement(runs: Sequence[Run], joint: Joint) -> str:
    """One sentence that says what all runs together know, and who was caught."""
    graded = [run for run in runs if run.certificate is not None]
    said = _main_clause(graded, joint)
    wrong = [run.name for run in graded if run.certificate and run.certificate.verdict is Verdict.CONTRADICTED]
    violated = [run.name for run in graded if run.certificate and run.certificate.verdict is Verdict.VIOLATED]
    if wrong:
        said += f"; {listed(tuple(wrong))} {'is' if len(wrong) == 1 else 'are'} contradicted"
    if violated:
        what = "an infeasible answer" if len(violated) == 1 else "infeasible answers"
        said += f"; {listed(tuple(violated))} handed in {what}"
    return said + "."


def _main_clause(runs: Sequence[Run], joint: Joint) -> str:
    unbounded = tuple(run.name for run in runs if run.certificate and run.certificate.verdict is Verdict.UNBOUNDED)
    if unbounded:
        return f"Unbounded, verified by {listed(unbounded)}: the objective improves without end"
    if joint.value is None:
        return _without_value(runs, joint)
    certificate = next(run.certificate for run in runs if run.name in joint.value_by and run.certificate)
    unit = f" {certificate.unit}" if certificate.unit else ""
    best = f"{certificate.quantity} {format_value(joint.value)}{unit} by {listed(joint.value_by)}"
    limit = "none can exceed" if certificate.sense is Sense.MAXIMIZE else "none can be below"
    if joint.bound is None:
        if joint.claimed is None:
            return f"The best is {best}, and nobody knows how far the optimum is"
        claim = f"{listed(joint.claimed_by)} {'says' if len(joint.claimed_by) == 1 else 'say'}"
        return f"The best is {best}; {claim} that {limit} {format_value(joint.claimed)}, not proved"
    how = f"{joint.evidence} by {listed(joint.bound_by)}"
    closed = joint.gap == 0 or (joint.relative_gap or 0.0) <= certificate.tolerance
    if closed:
        return f"Optimal: {best}, and {limit} it ({how})"
    gap = format_gap(joint.relative_gap)
    said = f"The best is {best}, at most {gap} from the optimum: {limit} {format_value(joint.bound)} ({how})"
    if joint.claimed is not None and format_value(joint.claimed) != format_value(joint.bound):
        said += f", and {format_value(joint.claimed)} on the word of {listed(joint.claimed_by)}"
    return said


def _without_value(runs: Sequence[Run], joint: Joint) -> str:
    if joint.infeasible_by:
        reasons = (run.certificate.argument for run in runs if run.name in joint.infeasible_by and run.certificate)
        reason = next((f": {argument}" for argument in reasons if argument), "")
        return f"Infeasible, proved by {listed(joint.infeasible_by)}{reason}"
    for verdict, word in ((Verdict.CLAIMED_INFEASIBLE, "infeasible"), (Verdict.CLAIMED_UNBOUNDED, "unbounded")):
        said = tuple(run.name for run in runs if run.certificate and run.certificate.verdict is verdict)
        if said:
            return f"No feasible answer; {listed(said)} {'says' if len(said) == 1 else 'say'} {word}, not proved"
    if not runs:
        return "No solver could be run"
    return "No run found a feasible answer"


def listed(names: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and 3 others"."""
    if len(names) <= 3:
        return " and ".join(part for part in (", ".join(names[:-1]), names[-1] if names else "") if part)
    return f"{', '.join(names[:2])} and {len(names) - 2} others"
