"""Solvers of the budgeted log game alone."""
