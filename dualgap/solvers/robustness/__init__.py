"""Certified robustness of ReLU networks: bounds, relaxations, and exact searches whose trees are proofs."""
