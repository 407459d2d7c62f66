"""Solvers of conic programs."""
