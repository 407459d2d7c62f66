"""The budgeted log game: power against noise over parallel channels."""

from dualgap.problems.convex_concave_game.spec import Allocations, ConvexConcaveGame

__all__ = ["Allocations", "ConvexConcaveGame"]
