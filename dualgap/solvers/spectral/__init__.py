"""Solvers of eigenvalue programs."""
