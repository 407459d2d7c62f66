"""The report's one sentence: who is within what gap, after what time, with what evidence, over how many instances."""

from __future__ import annotations

from collections.abc import Sequence

from dualgap.core.certificate import Sense
from dualgap.core.statement import format_gap, format_value
from dualgap.study.page import format_seconds
from dualgap.study.review.collect import Review
from dualgap.study.review.tallies import Tally, shift_for
from dualgap.study.statistics.field import Entry


def sentence(review: Review, found: Sequence[Tally]) -> str:
    """One English sentence that leaves no run out."""
    main = _of_one(review) if len(review.known) == 1 else _of_many(review, found)
    return f"{main}; {_counted(found)}."


def _of_one(review: Review) -> str:
    """The instance's best verified answer, and whose bound says how far the optimum can be."""
    entry = best(review.entries)
    if entry is None:
        return "No run found a feasible answer"
    known = review.known[entry.instance]
    certificate = review.whole(entry).certificate
    quantity = certificate.get("quantity") or "objective"
    unit = f" {certificate['unit']}" if certificate.get("unit") else ""
    value = f"{quantity} {format_value(entry.row['value'])}{unit}"
    after = f"after {format_seconds(float(entry.row['seconds']))}"
    if known.bound is None:
        return f"{entry.solver} has the best answer {after}, {value}, and nobody proves how far the optimum is"
    limit = "none can exceed" if known.sense is Sense.MAXIMIZE else "none can be below"
    holder = next(e for e in review.entries if review.verified.get(e.row["key"]) == known.bound)
    bounds = review.whole(holder).certificate["bounds"]
    evidence = next(bound["evidence"] for bound in bounds if float(bound["value"]) == known.bound)
    said = f"{limit} {format_value(known.bound)} ({evidence} by {holder.solver})"
    return f"{entry.solver} is within {format_gap(entry.true)} of the optimum {after}: {value}, and {said}"


def best(entries: Sequence[Entry]) -> Entry | None:
    """The run with the best verified answer, the fastest among equals."""
    verified = [entry for entry in entries if entry.verified]
    return min(verified, key=lambda entry: (entry.behind, entry.row["seconds"]), default=None)


def _of_many(review: Review, found: Sequence[Tally]) -> str:
    count = len(review.known)
    leader = found[0]
    if not leader.solved:
        return f"Over {count:,} instances, no solver is within {format_gap(review.gap)} of the optimum on any"
    shift = shift_for(found)
    unbounded = sum(known.bound is None for known in review.known.values())
    target = "the best verified bound"
    if unbounded:
        target += f" (on {unbounded:,} of them of the best answer, as nobody proves a bound)"
    said = (
        f"Over {count:,} instances, {leader.solver} is within {format_gap(review.gap)} of {target} on "
        f"{_share(leader.solved, count)} of them after {format_seconds(leader.time(shift).value)} (shifted geometric "
        f"mean), {_share(leader.proved(review.gap), leader.solved)} of these by its own proof"
    )
    faster = [tally for tally in found[1:] if tally.cells and tally.time(shift).value < leader.time(shift).value]
    if faster:
        other = min(faster, key=lambda tally: tally.time(shift).value)
        gap = format_gap(other.quantile("true", 0.5))
        said += (
            f"; {other.solver}, the fastest with {format_seconds(other.time(shift).value)}, on "
            f"{_share(other.solved, count)}, its median gap {gap}"
        )
    return said


def _share(part: int, whole: int) -> str:
    return "all" if part == whole else "none" if part == 0 else f"{part:,}"


def _counted(found: Sequence[Tally]) -> str:
    """Failures and refusals."""
    counts = {name: sum(getattr(tally, name) for tally in found) for name in ("runs", "failed", "refused", "empty")}
    words = {"failed": "failed", "empty": "found no feasible answer", "refused": "were refused"}
    parts = [f"{counts[name]:,} {word}" for name, word in words.items() if counts[name]]
    if not parts:
        return f"none of the {counts['runs']:,} runs failed or was refused"
    listed = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
    return f"of {counts['runs']:,} runs {listed}".replace(" 1 were refused", " 1 was refused")
