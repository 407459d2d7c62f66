"""dualgap: optimisation problems as specs, any backend, and a certificate for every answer."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "solve": "dualgap.engine.solve",
    "solve_batch": "dualgap.engine.batch",
    "compare": "dualgap.study.compare",
    "verify": "dualgap.study.grade:grade",
    "load": "dualgap.api",
    "register": "dualgap.api",
    "Problem": "dualgap.core.problem",
    "Answer": "dualgap.core.problem",
    "Solver": "dualgap.core.solver",
    "Choice": "dualgap.core.solver",
    "Context": "dualgap.core.solver",
    "Budget": "dualgap.core.solver",
    "Options": "dualgap.core.solver",
    "Trait": "dualgap.core.solver",
    "Claim": "dualgap.core.claim",
    "Batch": "dualgap.core.batch",
    "BatchClaim": "dualgap.core.batch",
    "Certificates": "dualgap.core.batch",
    "Start": "dualgap.core.claim",
    "Stop": "dualgap.core.claim",
    "Use": "dualgap.core.claim",
    "View": "dualgap.core.views",
    "Bridge": "dualgap.core.views",
    "Crossing": "dualgap.core.views",
    "Relation": "dualgap.core.relations",
    "Witness": "dualgap.core.witness",
    "Multipliers": "dualgap.core.witness",
    "ConicMultipliers": "dualgap.core.witness",
    "FarkasRay": "dualgap.core.witness",
    "Ray": "dualgap.core.witness",
    "GradientPoint": "dualgap.core.witness",
    "Strategies": "dualgap.core.witness",
    "Spectrum": "dualgap.core.witness",
    "Exhaustion": "dualgap.core.witness",
    "Audit": "dualgap.core.audit",
    "Bound": "dualgap.core.certificate",
    "Certificate": "dualgap.core.certificate",
    "Evaluation": "dualgap.core.certificate",
    "Evidence": "dualgap.core.certificate",
    "Verdict": "dualgap.core.certificate",
    "Violation": "dualgap.core.certificate",
    "Sense": "dualgap.core.certificate",
    "Run": "dualgap.engine.run",
    "Form": "dualgap.core.forms",
    "MixedIntegerProgram": "dualgap.core.forms",
    "ConicProgram": "dualgap.core.forms",
    "SmoothProgram": "dualgap.core.forms",
    "DualisedProgram": "dualgap.core.forms",
    "SaddleProgram": "dualgap.core.forms",
    "EigenProgram": "dualgap.core.forms",
    "Convexity": "dualgap.core.forms",
    "Cones": "dualgap.core.forms",
    "Inner": "dualgap.core.forms",
    "Set": "dualgap.core.sets",
    "Reals": "dualgap.core.sets",
    "Box": "dualgap.core.sets",
    "BoxRows": "dualgap.core.polytope",
    "Simplex": "dualgap.core.sets",
    "Ball": "dualgap.core.sets",
    "Halfspace": "dualgap.core.sets",
    "Affine": "dualgap.core.sets",
    "Product": "dualgap.core.sets",
    "Array": "dualgap.core.arrays",
    "Vector": "dualgap.core.arrays",
    "Matrix": "dualgap.core.arrays",
    "Number": "dualgap.core.arrays",
    "dyadic": "dualgap.core.exact",
    "fraction": "dualgap.core.exact",
    "simplest": "dualgap.core.exact",
    "ProxyProgram": "dualgap.core.proxies",
    "Mixture": "dualgap.core.proxies",
    "Knapsack": "dualgap.problems.knapsack",
    "CoinChange": "dualgap.problems.coin_change",
    "IntegerProgram": "dualgap.problems.integer_program",
    "MatrixGame": "dualgap.problems.matrix_game",
    "ConvexConcaveGame": "dualgap.problems.convex_concave_game",
    "AdversarialExample": "dualgap.problems.adversarial_example",
    "ConicProblem": "dualgap.problems.conic_program",
    "LogSumExpBall": "dualgap.problems.log_sum_exp_ball",
    "MinimaxRegret": "dualgap.problems.minimax_regret",
    "ConceptErasure": "dualgap.problems.concept_erasure",
    "FairClassifier": "dualgap.problems.fair_classifier",
    "load_predictor": "dualgap.problems.fair_classifier.predictor",
    "UniversalTemplate": "dualgap.problems.universal_template",
    "Attack": "dualgap.models.attack",
    "MinimaxReconstruction": "dualgap.problems.minimax_reconstruction",
    "Discriminant": "dualgap.problems.discriminant",
    "LoadBalance": "dualgap.problems.load_balance",
    "OperatorSharding": "dualgap.problems.operator_sharding",
    "ParallelStrategy": "dualgap.problems.parallel_strategy",
    "AttentionPlacement": "dualgap.problems.attention_placement",
    "RingAttention": "dualgap.problems.ring_attention",
    "Unlearning": "dualgap.problems.unlearning",
    "UnlearningAudit": "dualgap.problems.unlearning_audit",
    "Saddle": "dualgap.models.saddle",
    "minimax_regret": "dualgap.regret",
    "fair_classifier": "dualgap.fairness",
    "SpecError": "dualgap.core.errors",
    "UsageError": "dualgap.core.errors",
    "NoRouteError": "dualgap.core.errors",
    "InvalidWitnessError": "dualgap.core.errors",
    "Section": "dualgap.core.figures",
    "hookimpl": "dualgap.plugins.hookspecs",
}

_RENAMED: dict[str, tuple[str, str]] = {}
"""Old names, each with the name that took its place and the release that drops it (docs/stability.md)."""

_MODULES = ("pulp", "cvxpy", "sklearn")  # those for users of these packages; each imports its package

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used, so that ``import dualgap`` costs nothing."""
    if name in _PUBLIC:
        module, _, attribute = _PUBLIC[name].partition(":")
        value = getattr(importlib.import_module(module), attribute or name)
        globals()[name] = value
        return value
    if name in _RENAMED:
        new, release = _RENAMED[name]
        message = f"dualgap.{name} is called dualgap.{new} now; the old name goes with {release}"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        return getattr(importlib.import_module(__name__), new)
    if name in _MODULES:
        return importlib.import_module(f"dualgap.{name}")
    raise AttributeError(f"module 'dualgap' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_MODULES])
