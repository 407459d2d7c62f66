"""Operators of layers that are alike: a price of memory, and one strategy for all layers."""
