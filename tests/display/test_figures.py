"""Figures of answers as SVG: what they draw, escaped, without scripts."""

import re

import numpy as np
import pytest

from dualgap.core.figures import Bars, Figure, Histogram, Picture, Pictures, Timeline
from dualgap.display.figures import drawn


def pixels(path):
    """The (row, column) pairs that a path of horizontal runs covers."""
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path)
    return {(int(y), int(x) + k) for x, y, length in runs for k in range(int(length))}


def test_a_picture_has_a_path_for_each_shade():
    image = np.array([[0.0, 1.0, 1.0], [0.5, 0.0, 1.0]])
    shown = drawn(Pictures("A caption.", (("row", (Picture("title", image),)),)))
    paths = dict(re.findall(r'<path d="([^"]*)" style="fill:rgb\((\d+),', shown))
    found = {int(shade): pixels(path) for path, shade in paths.items()}
    assert found[0] == {(0, 0), (1, 1)}
    assert found[255] == {(0, 1), (0, 2), (1, 2)}
    (middle,) = set(found) - {0, 255}
    assert found[middle] == {(1, 0)}
    assert abs(middle - 127) < 8
    assert "A caption." in shown


def test_differences_are_up_or_down_and_zero_is_nothing():
    change = np.array([[1.0, -0.5], [0.0, 0.25]])
    shown = drawn(Pictures("c", (("r", (Picture("t", change, -1, 1, signed=True),)),)))
    found = [
        (kind, pixels(path), float(strength))
        for path, kind, strength in re.findall(
            r'<path d="([^"]*)" class="(up|down)" style="fill-opacity:([\d.]+)"', shown
        )
    ]
    assert {(kind, *places) for kind, places, _ in found} == {("up", (0, 0)), ("down", (0, 1)), ("up", (1, 1))}
    strengths = {place: strength for _, places, strength in found for place in places}
    assert strengths[0, 0] == 1.0
    assert strengths[0, 1] == pytest.approx(0.5, abs=0.02)


def test_colours():
    image = np.zeros((1, 2, 3))
    image[0, 1] = [1.0, 0.0, 0.2]
    shown = drawn(Pictures("c", (("r", (Picture("t", image),)),)))
    assert set(re.findall(r"fill:(#[0-9a-f]{6})", shown)) == {"#000000", "#ff0033"}
    signed = drawn(Pictures("c", (("r", (Picture("t", image, -1, 1, signed=True),)),)))
    assert 'class="up"' in signed


def test_a_histogram_has_a_column_for_each_count():
    shown = drawn(Histogram("said", "sizes", np.array([-1.0, 0.0, 1.0, 2.0]), np.array([2, 0, 4])))
    heights = re.findall(r'height="([\d.]+)%" class="bar"', shown)
    assert heights == ["50", "100"]
    assert "4 from 1 to 2" in shown


def test_bars_keep_the_largest_and_count_the_rest():
    values = np.append(np.full(60, 0.01), 0.4)
    shown = drawn(Bars("said", "strategy", tuple(f"row {k}" for k in range(61)), values))
    assert shown.count('class="bar"') == 60
    assert "row 60: 0.4" in shown
    assert "and 1 smaller ones" in shown
    negative = drawn(Bars("said", "weights", ("a", "b"), np.array([-1.0, 1.0])))
    assert re.findall(r'class="bar"', negative) == ['class="bar"'] * 2


def test_timelines_shade_by_kind_and_name_their_end():
    rows = tuple((f"device {k}", ((0.0, 1.0, "f"), (1.0, 3.0, "b"))) for k in range(61))
    shown = drawn(Timeline("said", "who", rows))
    assert shown.count('fill-opacity="0.5"') == shown.count('fill-opacity="1"') == 60
    assert "device 3: until 3" in shown
    assert "and 1 more" in shown
    assert "NaN" not in drawn(Timeline("said", "who", (("idle", ()),)))


def test_everything_is_escaped_and_nothing_runs():
    name = "<script>alert(1)</script>"
    figures = [
        Pictures(name, ((name, (Picture(name, np.ones((2, 2))),)),)),
        Histogram(name, name, np.array([0.0, 1.0]), np.array([1])),
        Bars(name, name, (name,), np.ones(1)),
        Timeline(name, name, ((name, ((0.0, 1.0, name),)),)),
        Figure(name),
    ]
    for figure in figures:
        assert "<script" not in drawn(figure)
        assert "&lt;script&gt;" in drawn(figure)


def test_constant_images_and_empty_histograms_are_drawn():
    drawn(Pictures("c", (("r", (Picture("t", np.zeros((2, 2)), 0.0, 0.0),)),)))
    drawn(Pictures("c", (("r", (Picture("t", np.zeros((2, 2)), 0.0, 0.0, signed=True),)),)))
    drawn(Histogram("c", "t", np.array([0.0, 0.0]), np.array([0])))
