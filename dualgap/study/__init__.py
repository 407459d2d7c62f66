"""Exact against approximate: comparisons, grades of anybody's answer, reports."""
