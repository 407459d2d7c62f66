"""SciPy's optimisers as solvers of dualgap: their names, and where each class is; imported when somebody uses it."""

from dualgap import hookimpl


@hookimpl
def dualgap_exporters() -> dict[str, str]:
    return {"mat": "dualgap_scipy.matlab:mat"}


@hookimpl
def dualgap_solvers() -> dict[str, str]:
    return {
        "milp@scipy": "dualgap_scipy.programs:Milp",
        "linprog@scipy": "dualgap_scipy.programs:Linprog",
        "slsqp@scipy": "dualgap_scipy.smooth:Slsqp",
        "trust-constr@scipy": "dualgap_scipy.smooth:TrustConstr",
        "differential-evolution@scipy": "dualgap_scipy.evolution:DifferentialEvolution",
    }
