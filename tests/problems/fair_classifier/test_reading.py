"""Predictions of other tools, from files and arrays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dualgap
from dualgap.core.errors import SpecError
from dualgap.problems.fair_classifier import Predictions
from dualgap.problems.fair_classifier.encoding import Column, Encoding
from dualgap.problems.fair_classifier.reading import read
from tests.problems.fair_classifier.people import people

NAMES = ("<=50K", ">50K")


def problem(labels: tuple[str, str] = NAMES, test: int = 8) -> Any:
    columns = tuple(Column(name=name) for name in "xyz")
    encoding = Encoding(columns=columns, sensitive=("sex",), groups=("a", "b"), labels=labels)
    return people(0, 20, 2, test=test, encoding=encoding, epsilon=1.0)


def values(answer: Any) -> list[float]:
    (member,) = answer.members
    assert isinstance(member, Predictions)
    return [float(value) for value in member.probabilities]


BITS = [0, 1, 1, 0] * 5


@pytest.mark.parametrize(
    "cells",
    [
        BITS,
        np.array(BITS),
        np.array(BITS, dtype=bool),
        np.array(BITS, dtype=np.float32),
        [str(bit) for bit in BITS],
        [f"{bit}.0" for bit in BITS],
        [NAMES[bit] for bit in BITS],
        np.array([f" {NAMES[bit]}" for bit in BITS]),
        [["false", "TRUE"][bit] for bit in BITS],
    ],
)
def test_labels_are_read_however_they_are_written(cells: Any) -> None:
    for data in (
        {"prediction": cells},
        {"id": list(range(20)), " Y_Pred": cells},
        {"whatever": cells},
        {"members": cells},
    ):
        assert values(read(problem(), data)) == BITS


def test_the_training_split_alone_and_probabilities() -> None:
    assert values(read(problem(), {"probability": [0.25] * 12})) == [0.25] * 12
    both = {"probability": [0.25] * 20, "y_pred": BITS}
    assert values(read(problem(), both)) == BITS


@pytest.mark.parametrize(
    ("data", "path", "said"),
    [
        ({"prediction": [1] * 8}, "prediction", "8 predictions"),
        ({"prediction": []}, "prediction", "0 predictions"),
        ({"prediction": 1}, "prediction", "no predictions"),
        ({"prediction": "yes"}, "prediction", "no predictions"),
        ({"a": [1], "b": [2]}, "(top)", "no column of predictions among a, b"),
        ({"proba": np.ones((20, 2)), "id": []}, "(top)", "no column of predictions"),
        ({"probability": np.ones((20, 2))}, "probability", "shape (20, 2)"),
        ({"prediction": [*BITS[:19], "perhaps"]}, "prediction[19]", "'perhaps' is no prediction"),
        ({"prediction": [2, *BITS[1:]]}, "prediction[0]", "2 is no prediction"),
        ({"prediction": [float("nan"), *BITS[1:]]}, "prediction[0]", "no prediction"),
        ({"prediction": [None, *BITS[1:]]}, "prediction[0]", "no prediction"),
        ({"prediction": [*BITS[:19], NAMES[0]]}, "prediction[19]", "no prediction"),
        ({}, "(top)", "no column of predictions"),
        ({"members": [{"type": "linear"}], "weights": [1]}, "members[0].linear.coefficients", "missing"),
        (3, "(top)", "valid dictionary"),
    ],
)
def test_what_is_no_prediction_is_told_with_its_place(data: Any, path: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(problem(), data)
    (fault,) = [fault for fault in caught.value.faults if fault.path == path]
    assert said in fault.message
    assert fault.remedy or path == "(top)"


def test_labels_that_look_like_predictions_are_asked_back() -> None:
    coded = problem(("1", "2"))
    assert values(read(coded, {"prediction": [str(1 + bit) for bit in BITS]})) == BITS
    assert values(read(coded, {"prediction": BITS})) == BITS
    with pytest.raises(SpecError, match="may be labels' names or predictions"):
        read(coded, {"prediction": [1] * 20})
    assert values(read(coded, {"prediction": [True] * 20})) == [1.0] * 20


def test_every_file_says_the_same(tmp_path: Path) -> None:
    given = problem()
    (tmp_path / "named.csv").write_text("id,y_pred\n" + "".join(f"{k},{NAMES[bit]}\n" for k, bit in enumerate(BITS)))
    np.savetxt(tmp_path / "bare.csv", BITS, fmt="%d")
    np.save(tmp_path / "bare.npy", np.array(BITS))
    np.savez(tmp_path / "named.npz", prediction=np.array(BITS), score=np.ones(20))
    (tmp_path / "bare.json").write_text(json.dumps(BITS))
    (tmp_path / "named.json").write_text(json.dumps({"prediction": BITS}))
    runs = [dualgap.verify(given, path) for path in sorted(tmp_path.iterdir())]
    assert len(runs) == 6
    assert len({run.certificate.value for run in runs}) == 1
    assert dualgap.verify(given, np.array(BITS)).certificate.value == runs[0].certificate.value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1\n", "a line has 1 cells"),
        ("a,b\n1,2\n", "no column of predictions"),
        ("prediction\n" + "1\n" * 7, "7 predictions"),
        ("", "empty"),
    ],
)
def test_bad_tables_are_faults(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "predictions.csv"
    path.write_text(text)
    with pytest.raises(SpecError, match=said):
        dualgap.verify(problem(), path)


def test_a_classifier_survives_its_file(tmp_path: Path) -> None:
    given = problem()
    run = dualgap.solve(given, "highs", isolate=False)
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(given.write_answer(run.answer), default=lambda array: array.tolist()))
    again = dualgap.verify(given, path)
    assert again.certificate.value == run.certificate.value
    assert again.answer == run.answer
