"""First-order methods for matrix games: two matrix-vector products a step, in NumPy."""
