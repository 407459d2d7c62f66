"""One model for several groups: the least worst regret, risk or ratio to each group's own optimum."""

from dualgap.problems.minimax_regret.proofs import GroupWeights
from dualgap.problems.minimax_regret.spec import LinearModel, MinimaxRegret

__all__ = ["GroupWeights", "LinearModel", "MinimaxRegret"]
