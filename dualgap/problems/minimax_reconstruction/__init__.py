"""Minimax reconstruction: signals from samples, so that the worst signal comes out as well as can be."""

from dualgap.problems.minimax_reconstruction.bounds import Prior
from dualgap.problems.minimax_reconstruction.spec import MinimaxReconstruction, Reconstruction

__all__ = ["MinimaxReconstruction", "Prior", "Reconstruction"]
