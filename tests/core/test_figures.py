"""Figures of strategies show what is played, as shares."""

import numpy as np
import pytest

from dualgap.core.figures import strategy


def test_only_what_is_played_is_drawn_as_shares() -> None:
    bars = strategy("rows", ("a", "b", "c"), np.array([3, 0, 1]))
    assert bars.names == ("a", "c")
    assert bars.values == pytest.approx([0.75, 0.25])
    assert "2 of 3" in bars.caption


def test_whole_numbers_of_any_size_are_shares() -> None:
    bars = strategy("rows", ("a", "b"), np.array([10**18, 9 * 10**18]))
    assert bars.values == pytest.approx([0.1, 0.9])
