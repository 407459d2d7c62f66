"""Conditional independence of score functions: a problem kind and its solvers; imported when somebody uses them."""

from dualgap import Choice, Problem, hookimpl


@hookimpl
def dualgap_problems() -> dict[str, str]:
    return {"conditional-independence": "dualgap_coind.problem:ConditionalIndependence"}


@hookimpl
def dualgap_solvers() -> dict[str, str]:
    return {
        "closed-form@coind": "dualgap_coind.closed:ClosedForm",
        "penalty@coind": "dualgap_coind.closed:Penalty",
        "dual-ascent@coind": "dualgap_coind.ascent:DualAscent",
        "network@coind": "dualgap_coind.network:Network",
    }


@hookimpl
def dualgap_sections() -> dict[str, str]:
    return {"composition": "dualgap_coind.section:composition"}


@hookimpl
def dualgap_choices(problem: Problem) -> list[Choice]:
    if problem.kind != "conditional-independence":
        return []
    return [Choice("closed-form@coind", "the constrained scores are known in closed form")]
