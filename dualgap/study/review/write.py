"""A report in the format that its file's name says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dualgap.study.page import write_whole
from dualgap.study.review.bars import first_bars
from dualgap.study.review.collect import Review
from dualgap.study.review.documents import latex, markdown
from dualgap.study.review.drawing import drawing, png
from dualgap.study.review.report import page
from dualgap.study.review.summary import Summary
from dualgap.study.review.tallies import Tally


def write_review(path: Path, review: Review, found: Sequence[Tally], first: Summary) -> None:
    """Writes ``.html`` with everything, or the first screen as ``.md``, ``.tex``, ``.svg`` or ``.png``.

    Whole or not at all.

    Raises:
        UsageError: PNG, without the package for it. OSError: the file can't be written.
    """
    match path.suffix.lower():
        case ".md":
            write_whole(markdown(first), path)
        case ".tex":
            write_whole(latex(first), path)
        case ".svg":
            write_whole(drawing(first, first_bars(review, found)), path)
        case ".png":
            write_whole(png(drawing(first, first_bars(review, found))), path)
        case _:
            write_whole(page(review, found, first), path)
