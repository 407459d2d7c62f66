"""Classifiers that are fair to groups, and how far they are from the best possible ones."""
