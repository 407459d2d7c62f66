"""Zero-sum matrix games: mixed strategies, and an interval that holds the value."""

from dualgap.problems.matrix_game.spec import MatrixGame, MixedStrategies

__all__ = ["MatrixGame", "MixedStrategies"]
