"""The certificate's one English sentence."""

from __future__ import annotations

from fractions import Fraction
from math import floor, log10

from dualgap.core.certificate import INFINITY, Certificate, Evidence, Sense, Verdict
from dualgap.core.claim import Outcome
from dualgap.core.exact import Real, fraction, nearest, simplest
from dualgap.core.problem import Problem

_LONG = 10**15  # beyond this, digits are no help to a reader


def format_value(value: Real | None) -> str:
    """A number for people: grouped integers, short exact fractions, else ten significant digits."""
    if value is None:
        return "-"
    near = nearest(value)
    if abs(near) >= _LONG:
        return _scientific(value, near)
    if isinstance(value, Fraction) and value.denominator > 1:
        decimal = f"{float(value):,.10g}"
        short = Fraction(decimal.replace(",", "")) == value or value.denominator >= _LONG
        return decimal if short else f"{value} (about {decimal})"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.10g}"
    return f"{int(value):,}"


def format_cell(value: Real | None) -> str:
    """``format_value`` for narrow tables: fractions by their digits alone."""
    return format_value(simplest(nearest(value)) if isinstance(value, Fraction) else value)


def _scientific(value: Real, near: float) -> str:
    """Ten significant digits; exact numbers beyond the floats as a power of ten."""
    if abs(near) < INFINITY or isinstance(value, float):
        return f"{near:.10g}"
    return f"about {'-' if value < 0 else ''}10^{floor(log10(int(abs(fraction(value)))))}"


def format_gap(relative: float | None) -> str:
    """A relative gap as a percentage."""
    if relative is None:
        return "-"
    if relative == 0:
        return "0 %"
    if abs(relative) == INFINITY:
        return "infinite"
    return f"{100 * relative:.3g} %"


def statement(problem: Problem, certificate: Certificate, outcome: Outcome) -> str:
    """One sentence that says what is known and how, after the problem's own headline where it has one."""
    said = _verdict(problem, certificate, outcome)
    headline = problem.headline(certificate.metrics) if certificate.feasible else ""
    return f"{headline} {said}" if headline else said


def _verdict(problem: Problem, certificate: Certificate, outcome: Outcome) -> str:
    unit = f" {certificate.unit}" if certificate.unit else ""
    value = f"{certificate.quantity} {format_value(certificate.value)}{unit}"
    bound = format_value(certificate.bound)
    limit = "none can exceed" if certificate.sense is Sense.MAXIMIZE else "none can be below"
    how = "by the solver's word" if certificate.evidence is Evidence.CLAIMED else f"{certificate.evidence}"
    match certificate.verdict:
        case Verdict.OPTIMAL:
            return f"Optimal, {how}: {value}, and {limit} it."
        case Verdict.WITHIN:
            return f"Within {format_gap(certificate.relative_gap)} of the optimum, {how}: {value}, and {limit} {bound}."
        case Verdict.CLAIMED_OPTIMAL:
            return f"Optimal on the solver's word, not proved: {value} is feasible, checked."
        case Verdict.FEASIBLE if certificate.bound is not None:
            gap = format_gap(certificate.relative_gap)
            return f"Feasible, checked: {value}, at most {gap} from the optimum ({limit} {bound}, {how})."
        case Verdict.FEASIBLE:
            return f"Feasible, checked: {value}; nothing is known of how far the optimum is."
        case Verdict.INFEASIBLE:
            reason = f": {certificate.argument}" if certificate.argument else ""
            return f"Infeasible, {how}{reason}." + _spaced(problem.explain_infeasible())
        case Verdict.CLAIMED_INFEASIBLE:
            return "Infeasible on the solver's word, not proved." + _spaced(problem.explain_infeasible())
        case Verdict.UNBOUNDED:
            return "Unbounded, verified: the objective improves without end."
        case Verdict.CLAIMED_UNBOUNDED:
            return "Unbounded on the solver's word, not proved."
        case Verdict.VIOLATED:
            rows = ", ".join(f"{name} by {format_value(by)}" for name, by in list(certificate.violations.items())[:3])
            return f"Wrong: the answer violates {rows}."
        case Verdict.CONTRADICTED if certificate.value is not None and certificate.bound is not None:
            return f"Contradicted: {value} is feasible and beats the bound {bound} ({how})."
        case Verdict.CONTRADICTED:
            return "Contradicted: the solver says infeasible, and a feasible answer exists."
        case _:
            return _nothing(certificate, outcome)


def _nothing(certificate: Certificate, outcome: Outcome) -> str:
    why = outcome.message or f"stopped by: {outcome.stop}"
    advice = f"; {outcome.stop.advice}" if outcome.stop.advice else ""
    if certificate.violations:
        rows = ", ".join(f"{name} by {format_value(by)}" for name, by in list(certificate.violations.items())[:3])
        return f"No feasible answer: the best effort violates {rows} ({why}{advice})."
    return f"No answer ({why}{advice})."


def _spaced(text: str) -> str:
    return f" {text}" if text else ""
