"""Exact facts about systems of rows, bounds and integrality: which of them can't hold together, and what would help."""
