"""The built-ins, through the hooks that every plugin uses; nothing is imported until it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dualgap.plugins.hookspecs import hookimpl

_SOLVERS = {
    "highs": "dualgap.solvers.highs:Highs",
    "cp-sat": "dualgap.solvers.cp_sat:CpSat",
    "cbc@pulp": "dualgap.solvers.cbc:Cbc",
    "scip@ortools": "dualgap.solvers.scip:Scip",
    "glop@ortools": "dualgap.solvers.glop:Glop",
    "pdlp@ortools": "dualgap.solvers.pdlp:Pdlp",
    "cvxpy": "dualgap.solvers.cvxpy:Cvxpy",
    "clarabel": "dualgap.solvers.conic.clarabel:Clarabel",
    "scs": "dualgap.solvers.conic.scs:Scs",
    "dual-recovery": "dualgap.solvers.dual_recovery:DualRecovery",
    "dynamic-programming": "dualgap.solvers.dynamic_programming:DynamicProgramming",
    "core-knapsack": "dualgap.solvers.knapsack.core:CoreKnapsack",
    "lagrangian-core": "dualgap.solvers.knapsack.lagrangian_core:LagrangianCore",
    "or-knapsack": "dualgap.solvers.knapsack.or_knapsack:OrKnapsack",
    "enumerate": "dualgap.solvers.enumerate:Enumerate",
    "greedy": "dualgap.solvers.greedy:Greedy",
    "pgd": "dualgap.solvers.pgd:ProjectedGradient",
    "dual-ascent": "dualgap.solvers.dual_ascent:DualAscent",
    "bisection": "dualgap.solvers.bisection:Bisection",
    "augmented-lagrangian": "dualgap.solvers.augmented_lagrangian:AugmentedLagrangian",
    "pooled-fit": "dualgap.solvers.regret.pooled:PooledFit",
    "lp-vertex": "dualgap.solvers.games.lp_vertex:LpVertex",
    "regret-matching": "dualgap.solvers.games.regret_matching:RegretMatching",
    "pdhg": "dualgap.solvers.games.pdhg:Pdhg",
    "price-bisection": "dualgap.solvers.convex_concave_game.price_bisection:PriceBisection",
    "extragradient": "dualgap.solvers.saddle.extragradient:Extragradient",
    "optimistic-gradient": "dualgap.solvers.saddle.optimistic_gradient:OptimisticGradient",
    "mirror-prox": "dualgap.solvers.saddle.mirror_prox:MirrorProx",
    "saddle-subgradient": "dualgap.solvers.saddle.subgradient:SaddleSubgradient",
    "alternating-gradient": "dualgap.solvers.saddle.alternating:AlternatingGradient",
    "optimistic-multiplicative-weights": "dualgap.solvers.games.multiplicative_weights:MultiplicativeWeights",
    "eigh": "dualgap.solvers.spectral.eigh:Eigh",
    "lobpcg": "dualgap.solvers.spectral.lobpcg:Lobpcg",
    "whitened-gradient": "dualgap.solvers.spectral.whitened_gradient:WhitenedGradient",
    "low-rank": "dualgap.solvers.spectral.low_rank:LowRank",
    "subspace-iteration": "dualgap.solvers.spectral.subspace_iteration:SubspaceIteration",
    "stiefel-descent": "dualgap.solvers.spectral.stiefel_descent:StiefelDescent",
    "attack": "dualgap.solvers.attacks.attack:Attack",
    "interval-bounds": "dualgap.solvers.robustness.bounds:IntervalBounds",
    "crown": "dualgap.solvers.robustness.bounds:Crown",
    "relu-lp": "dualgap.solvers.robustness.bounds:ReluLp",
    "relu-milp": "dualgap.solvers.robustness.programs:ReluMilp",
    "relu-branching": "dualgap.solvers.robustness.branching:ReluBranching",
    "principal-angles": "dualgap.solvers.spectral.principal_angles:PrincipalAngles",
    "proxy-lagrangian": "dualgap.solvers.fairness.lagrangian:ProxyLagrangian",
    "proxy-augmented": "dualgap.solvers.fairness.lagrangian:ProxyAugmented",
    "nupi": "dualgap.solvers.fairness.lagrangian:ProxyNupi",
    "covariance-newton": "dualgap.solvers.fairness.covariance_newton:CovarianceNewton",
    "logistic-regression": "dualgap.solvers.fairness.processing:LogisticRegression",
    "orthogonal-projection": "dualgap.solvers.fairness.processing:OrthogonalProjection",
    "least-squares-erasure": "dualgap.solvers.fairness.processing:ConceptErasure",
    "invariant-representation": "dualgap.solvers.fairness.processing:InvariantRepresentation",
    "group-robust": "dualgap.solvers.fairness.other_aims:GroupRobust",
    "adversarial": "dualgap.solvers.fairness.other_aims:Adversarial",
    "exponentiated-gradient@fairlearn": "dualgap.solvers.fairness.reductions:ExponentiatedGradient",
    "grid-search@fairlearn": "dualgap.solvers.fairness.reductions:GridSearch",
    "threshold-optimizer@fairlearn": "dualgap.solvers.fairness.threshold_optimizer:ThresholdOptimizer",
    "retrain": "dualgap.solvers.unlearning.retrain:Retrain",
    "influence": "dualgap.solvers.unlearning.newton:Influence",
    "newton-removal": "dualgap.solvers.unlearning.newton:NewtonRemoval",
    "fine-tune": "dualgap.solvers.unlearning.gradients:FineTune",
    "neg-grad": "dualgap.solvers.unlearning.gradients:NegGrad",
    "neg-grad-plus": "dualgap.solvers.unlearning.gradients:NegGradPlus",
    "gradient-surgery": "dualgap.solvers.unlearning.gradients:GradientSurgery",
    "random-labels": "dualgap.solvers.unlearning.labels:RandomLabels",
    "soft-relabel": "dualgap.solvers.unlearning.labels:SoftRelabel",
    "scrub": "dualgap.solvers.unlearning.distillation:Scrub",
    "forget-pruning": "dualgap.solvers.unlearning.pruning:ForgetPruning",
    "selective-dampening": "dualgap.solvers.unlearning.pruning:SelectiveDampening",
    "forget-ascent": "dualgap.solvers.unlearning.lagrangian:ForgetAscent",
    "retain-ascent": "dualgap.solvers.unlearning.lagrangian:RetainAscent",
    "ring-enumeration": "dualgap.solvers.placement.ring:RingEnumeration",
    "ring-search": "dualgap.solvers.placement.ring:RingSearch",
    "ring-layout": "dualgap.solvers.placement.ring:RingLayout",
    "capacity-fill": "dualgap.solvers.placement.capacity:CapacityFill",
    "relaxation-floor": "dualgap.solvers.placement.approximate:RelaxationFloor",
    "longest-first": "dualgap.solvers.placement.approximate:LongestFirst",
    "gradient-placement": "dualgap.solvers.placement.gradient:GradientPlacement",
    "lenstra-shmoys-tardos": "dualgap.solvers.placement.approximate:LenstraShmoysTardos",
    "earliest-end": "dualgap.solvers.placement.shares:EarliestEnd",
    "equal-shares": "dualgap.solvers.placement.shares:EqualShares",
    "layout": "dualgap.solvers.placement.approximate:Layout",
    "grid-highs": "dualgap.solvers.strategy.grid:GridHighs",
    "grid-prices": "dualgap.solvers.strategy.grid:GridPrices",
    "grid-tied": "dualgap.solvers.strategy.grid:GridTied",
    "memory-price": "dualgap.solvers.sharding.price:MemoryPriced",
    "tied-layers": "dualgap.solvers.sharding.price:TiedLayers",
    "exhaustive-attack": "dualgap.solvers.unlearning.attacks:ExhaustiveAttack",
    "grid-attack": "dualgap.solvers.unlearning.attacks:GridAttack",
    "membership-game": "dualgap.solvers.unlearning.lagrangian:MembershipGame",
    "presolve": "dualgap.solvers.presolve:Presolve",
    "portfolio": "dualgap.engine.portfolio:Portfolio",
}

_PROBLEMS = {
    "knapsack": "dualgap.problems.knapsack:Knapsack",
    "coin-change": "dualgap.problems.coin_change:CoinChange",
    "integer-program": "dualgap.problems.integer_program:IntegerProgram",
    "matrix-game": "dualgap.problems.matrix_game:MatrixGame",
    "convex-concave-game": "dualgap.problems.convex_concave_game:ConvexConcaveGame",
    "universal-template": "dualgap.problems.universal_template:UniversalTemplate",
    "conic-program": "dualgap.problems.conic_program:ConicProblem",
    "log-sum-exp-ball": "dualgap.problems.log_sum_exp_ball:LogSumExpBall",
    "minimax-regret": "dualgap.problems.minimax_regret:MinimaxRegret",
    "adversarial-example": "dualgap.problems.adversarial_example:AdversarialExample",
    "concept-erasure": "dualgap.problems.concept_erasure:ConceptErasure",
    "minimax-reconstruction": "dualgap.problems.minimax_reconstruction:MinimaxReconstruction",
    "discriminant": "dualgap.problems.discriminant:Discriminant",
    "load-balance": "dualgap.problems.load_balance:LoadBalance",
    "parallel-strategy": "dualgap.problems.parallel_strategy:ParallelStrategy",
    "operator-sharding": "dualgap.problems.operator_sharding:OperatorSharding",
    "ring-attention": "dualgap.problems.ring_attention:RingAttention",
    "attention-placement": "dualgap.problems.attention_placement:AttentionPlacement",
    "unlearning": "dualgap.problems.unlearning:Unlearning",
    "unlearning-audit": "dualgap.problems.unlearning_audit:UnlearningAudit",
    "fair-classifier": "dualgap.problems.fair_classifier:FairClassifier",
}

_BRIDGES = {
    "dualise-rows": "dualgap.engine.bridges.dualise:DUALISE_ROWS",
    "relax-integrality": "dualgap.engine.bridges.relax:RELAX_INTEGRALITY",
    "relax-to-polytope": "dualgap.engine.bridges.relax:RELAX_TO_POLYTOPE",
}

_READERS = {
    ".kp": "dualgap.problems.knapsack.readers:read_kp",
    ".in": "dualgap.problems.knapsack.readers:read_jooken",
    ".mps": "dualgap.problems.integer_program.mps:read_mps",
    ".lp": "dualgap.problems.integer_program.lp:read_lp",
    ".vnnlib": "dualgap.problems.networks.vnnlib:read_vnnlib",
}

_EXPORTERS = {"json": "dualgap.study.export:as_json"}

_COMMANDS = (
    *("solve", "compare", "verify", "explain", "export", "apply", "sweep", "report", "advise"),
    *("solvers", "problems", "plugins", "doctor"),
)

_SECTIONS = {"measures": "dualgap.study.likeness:measures_section"}


@hookimpl
def dualgap_solvers() -> Mapping[str, Any]:
    return _SOLVERS


@hookimpl
def dualgap_problems() -> Mapping[str, Any]:
    return _PROBLEMS


@hookimpl
def dualgap_bridges() -> Mapping[str, Any]:
    return _BRIDGES


@hookimpl
def dualgap_readers() -> Mapping[str, Any]:
    return _READERS


@hookimpl
def dualgap_exporters() -> Mapping[str, Any]:
    return _EXPORTERS


@hookimpl
def dualgap_sections() -> Mapping[str, Any]:
    return _SECTIONS


@hookimpl
def dualgap_commands() -> Mapping[str, Any]:
    return {name: f"dualgap.cli.{name}:app" for name in _COMMANDS}


@hookimpl
def dualgap_choices(problem: Any) -> Sequence[Any]:
    from dualgap.solvers.choices import choices

    return choices(problem)
