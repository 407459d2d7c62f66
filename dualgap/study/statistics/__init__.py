"""What many runs say of their solvers."""
