"""The ``log-sum-exp-ball`` kind: the softest maximum of affine functions that stay within a radius."""

from dualgap.problems.log_sum_exp_ball.spec import LogSumExpAnswer, LogSumExpBall
from dualgap.problems.log_sum_exp_ball.witness import RowPrices

__all__ = ["LogSumExpAnswer", "LogSumExpBall", "RowPrices"]
