"""Solvers of change-making alone."""
