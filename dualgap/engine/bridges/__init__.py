"""Bridges: ways from one form to another, with the maps that carry points, bounds and witnesses back."""
