"""Microbatches on workers: the slowest one is all that matters."""

from dualgap.problems.load_balance.spec import LoadBalance, Shares

__all__ = ["LoadBalance", "Shares"]
