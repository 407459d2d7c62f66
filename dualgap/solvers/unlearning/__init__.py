"""Unlearning: retraining, and the methods that are to come near it for less."""
