"""Transformers and the machines that train them: descriptions, published presets, and what a step costs."""
