"""The outer grid of parallel strategies: every point's stages solved, the best plans kept."""
