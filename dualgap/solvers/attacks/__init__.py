"""Gradient attacks on classifiers: projected steps from many starts, as one batch."""
