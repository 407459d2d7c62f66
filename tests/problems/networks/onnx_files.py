"""Small ONNX files for tests, and what ONNX's own reference says of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

Step = tuple[str, list[Any], dict[str, Any]]
"""An operator, its inputs after the last result (arrays become initialisers; "x" is the last result's place)."""


def model(steps: Sequence[Step], shape: Sequence[int | str], opset: int = 17) -> onnx.ModelProto:
    """A chain of operators on one input."""
    nodes, tensors, now = [], [], "input"
    for number, (operator, operands, attributes) in enumerate(steps):
        names = []
        for operand in operands:
            if isinstance(operand, str):
                names.append(now if operand == "x" else operand)
            else:
                names.append(f"c{len(tensors)}")
                tensors.append(numpy_helper.from_array(np.asarray(operand), names[-1]))
        nodes.append(helper.make_node(operator, names, [f"r{number}"], name=f"step{number}", **attributes))
        now = f"r{number}"
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info(now, TensorProto.FLOAT, None)],
        tensors,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def written(steps: Sequence[Step], shape: Sequence[int | str], folder: Path, opset: int = 17) -> Path:
    path = folder / "net.onnx"
    onnx.save(model(steps, shape, opset), path)
    return path


def reference(path: Path, x: np.ndarray) -> np.ndarray:
    """(n, k) outputs of the file by ONNX's reference, one input at a time."""
    evaluator = ReferenceEvaluator(str(path))
    shape = [size.dim_value or 1 for size in onnx.load(path).graph.input[0].type.tensor_type.shape.dim]
    rows = [evaluator.run(None, {"input": row.reshape(shape).astype(np.float32)})[0].reshape(-1) for row in x]
    return np.array(rows)
