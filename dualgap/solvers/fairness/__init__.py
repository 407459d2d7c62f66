"""Solvers of fair classification."""
