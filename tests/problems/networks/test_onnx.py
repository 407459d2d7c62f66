"""ONNX files against ONNX's own reference evaluator; what isn't a chain of ReLU layers is refused by name."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from dualgap.core.errors import SpecError
from dualgap.problems.networks.network import Convolution, Dense
from dualgap.problems.networks.onnx_file import read_onnx
from tests.problems.networks.onnx_files import model, reference, written

_RNG = np.random.default_rng(0)


def drawn(*shape):
    return _RNG.normal(size=shape).astype(np.float32)


def add(operand, weight, bias):
    return ("MatMul", [operand, weight], {}), ("Add", [bias, operand], {})


def relu():
    return ("Relu", ["x"], {})


W1, B1, W2, B2 = drawn(6, 8), drawn(6), drawn(3, 6), drawn(3)
KERNEL, BIAS = drawn(4, 2, 3, 3), drawn(4)
CHANNELS = [np.abs(drawn(4)) + 0.5 for _ in range(4)]
DENSE = [("Gemm", ["x", W1, B1], {"transB": 1}), relu(), ("Gemm", ["x", W2, B2], {"transB": 1})]

NETS = {
    "gemm": (DENSE, (1, 8)),
    "gemm with factors": (
        [("Gemm", ["x", W1.T, B1], {"alpha": 0.5, "beta": 2.0}), relu(), ("Gemm", ["x", W2], {"transB": 1})],
        ("batch", 8),
    ),
    "matmul and add": ([*add("x", W1.T, B1), relu(), *add("x", W2.T, B2)], (1, 8)),
    "columns": (
        [("MatMul", [W1, "x"], {}), ("Add", ["x", B1[:, None]], {}), relu(), ("MatMul", [W2, "x"], {})],
        (8, 1),
    ),
    "normalised input": (
        [("Sub", ["x", np.float32([0.5])], {}), ("Div", ["x", np.float32(0.25)], {}), *DENSE],
        (1, 8),
    ),
    "negative factor at the input": ([("Mul", ["x", np.float32(-2)], {}), *DENSE], (1, 8)),
    "constant less the input": ([("Sub", [drawn(8), "x"], {}), *DENSE], (1, 8)),
    "linear layers in a row": ([DENSE[0], DENSE[2]], (1, 8)),
    "ends in a relu": ([*DENSE, relu()], (1, 8)),
    "begins with a relu": ([relu(), *DENSE], (1, 8)),
    "scaled at the end": ([*DENSE, ("Mul", ["x", np.float32(3)], {})], (1, 8)),
    "scaled after a relu": (
        [*DENSE[:2], ("Mul", ["x", drawn(6)], {}), ("Add", ["x", drawn(6)], {}), *DENSE[2:]],
        (1, 8),
    ),
    "convolution": (
        [
            ("Conv", ["x", KERNEL, BIAS], {"strides": [2, 1], "pads": [1, 0, 2, 1]}),
            relu(),
            ("Flatten", ["x"], {"axis": 1}),
            ("Gemm", ["x", drawn(3, 4 * 4 * 5)], {"transB": 1}),
        ],
        (1, 2, 7, 6),
    ),
    "two convolutions with batch normalisation": (
        [
            ("Sub", ["x", drawn(1, 2, 1, 1)], {}),
            ("Conv", ["x", KERNEL], {"pads": [1, 1, 1, 1]}),
            ("BatchNormalization", ["x", *CHANNELS], {"epsilon": 1e-3}),
            relu(),
            ("Conv", ["x", drawn(2, 4, 3, 3), drawn(2)], {"strides": [2, 2]}),
            relu(),
            ("Reshape", ["x", np.array([-1, 8])], {}),
            ("Dropout", ["x"], {}),
            ("Gemm", ["x", drawn(3, 8)], {"transB": 1}),
        ],
        (1, 2, 6, 6),
    ),
    "batch normalisation after a relu": (
        [
            ("Conv", ["x", KERNEL, BIAS], {}),
            relu(),
            ("BatchNormalization", ["x", *CHANNELS], {}),
            ("Conv", ["x", drawn(2, 4, 2, 2)], {}),
            relu(),
            ("Flatten", ["x"], {}),
            ("Gemm", ["x", drawn(3, 18)], {"transB": 1}),
        ],
        (1, 2, 6, 6),
    ),
    "same padding, groups and dilations": (
        [
            ("Conv", ["x", drawn(4, 1, 3, 2), BIAS], {"group": 2, "auto_pad": "SAME_UPPER", "strides": [2, 2]}),
            relu(),
            ("Conv", ["x", drawn(2, 4, 2, 2)], {"dilations": [2, 1], "auto_pad": "SAME_LOWER"}),
            relu(),
            ("Flatten", ["x"], {}),
            ("Gemm", ["x", drawn(3, 32)], {"transB": 1}),
        ],
        ("n", 2, 7, 8),
    ),
    "convolution at the end": ([("Conv", ["x", KERNEL, BIAS], {}), ("Flatten", ["x"], {})], (1, 2, 4, 4)),
    "convolution, then dense without a relu": (
        [("Conv", ["x", KERNEL, BIAS], {}), ("Flatten", ["x"], {}), ("Gemm", ["x", drawn(3, 16)], {"transB": 1})],
        (1, 2, 4, 4),
    ),
    "squeezed": (
        [
            ("Squeeze", ["x", np.array([1])], {}),
            ("Unsqueeze", ["x", np.array([2])], {}),
            ("Reshape", ["x", np.array([0, 8])], {}),
            *DENSE,
        ],
        (1, 1, 8),
    ),
    "a transpose that moves nothing": (
        [("Transpose", ["x"], {"perm": [0, 2, 1]}), ("Flatten", ["x"], {}), *DENSE],
        (1, 8, 1),
    ),
}


@pytest.mark.parametrize("name", NETS)
def test_forward_agrees_with_onnx(name, tmp_path):
    steps, shape = NETS[name]
    path = written(steps, shape, tmp_path)
    network = read_onnx(path)
    x = np.random.default_rng(1).normal(size=(5, network.inputs)).astype(np.float32)
    np.testing.assert_allclose(network.forward(x), reference(path, x), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("opset", [7, 9, 11, 13, 17, 21])
def test_opsets_make_no_difference(opset, tmp_path):
    path = written(DENSE, (1, 8), tmp_path, opset)
    x = drawn(4, 8)
    np.testing.assert_allclose(read_onnx(path).forward(x), reference(path, x), rtol=2e-5, atol=2e-5)


def test_normalisation_stays_beside_the_weights(tmp_path):
    steps, shape = NETS["normalised input"]
    network = read_onnx(written(steps, shape, tmp_path))
    assert (network.mean.tolist(), network.std.tolist()) == ([0.5], [0.25])
    assert isinstance(network.layers[0], Dense)
    assert np.array_equal(network.layers[0].weight, W1)


def test_convolutions_stay_convolutions(tmp_path):
    steps, shape = NETS["two convolutions with batch normalisation"]
    network = read_onnx(written(steps, shape, tmp_path))
    assert [type(layer) for layer in network.layers] == [Convolution, Convolution, Dense]


def test_constants_may_be_nodes_and_shapes_computed(tmp_path):
    """What PyTorch writes for ``x.view(x.size(0), -1)`` with weights as constant nodes."""
    nodes = [
        helper.make_node("Constant", [], ["w"], value=numpy_helper.from_array(W1)),
        helper.make_node("Transpose", ["w"], ["wt"], perm=[1, 0]),
        helper.make_node("Shape", ["input"], ["shape"]),
        helper.make_node("Constant", [], ["zero"], value=numpy_helper.from_array(np.array(0))),
        helper.make_node("Gather", ["shape", "zero"], ["n"]),
        helper.make_node("Constant", [], ["axes"], value_ints=[0]),
        helper.make_node("Unsqueeze", ["n", "axes"], ["n1"]),
        helper.make_node("Constant", [], ["rest"], value_ints=[-1]),
        helper.make_node("Concat", ["n1", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["input", "target"], ["flat"]),
        helper.make_node("MatMul", ["flat", "wt"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 2, 2, 2])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)],
    )
    path = tmp_path / "net.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    x = drawn(3, 8)
    np.testing.assert_allclose(read_onnx(path).forward(x), reference(path, x), rtol=1e-5, atol=1e-5)


REFUSED = {
    "softmax": ([*DENSE, ("Softmax", ["x"], {})], "Softmax", "logits"),
    "sigmoid": ([*DENSE[:1], ("Sigmoid", ["x"], {}), *DENSE[2:]], "operator 1 (Sigmoid 'step1')", "Gemm, MatMul"),
    "branch": ([*DENSE[:2], ("Gemm", ["r0", W2], {"transB": 1})], "branches", ""),
    "sum of results": ([*DENSE[:2], ("Add", ["x", "x"], {})], "branches", ""),
    "transposed input": ([("Gemm", ["x", W1], {"transA": 1})], "transposes", ""),
    "division by zero": ([("Div", ["x", np.float32(0)], {}), *DENSE], "zero", ""),
    "wrong sizes": ([("Gemm", ["x", W2], {"transB": 1})], "takes 6 entries of 8", ""),
    "moves entries": ([("Reshape", ["x", np.array([2, 4])], {}), ("Transpose", ["x"], {})], "moves", "order"),
    "impossible reshape": ([("Reshape", ["x", np.array([3, 3])], {})], "Reshape", ""),
    "not a number": ([("Gemm", ["x", W1 * np.nan], {"transB": 1})], "finite", ""),
    "larger result": ([("Add", ["x", drawn(4, 8)], {}), *DENSE], "combines 1 x 8 with 4 x 8", ""),
    "dense over images": ([("Conv", ["x", KERNEL], {})], "images", ""),
    "half precision": ([("Cast", ["x"], {"to": 10}), *DENSE], "casts", ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_name_the_operator_and_the_remedy(name, tmp_path):
    steps, reason, remedy = REFUSED[name]
    with pytest.raises(SpecError) as caught:
        read_onnx(written(steps, (1, 8), tmp_path))
    (fault,) = caught.value.faults
    assert fault.path == "network.file"
    assert reason in fault.message
    assert remedy in fault.remedy


def test_convolutions_that_no_layer_can_hold(tmp_path):
    first = ("Conv", ["x", KERNEL], {})
    padded = ("Conv", ["x", drawn(2, 4, 3, 3)], {"pads": [1, 1, 1, 1]})
    shifted = [first, relu(), ("Add", ["x", drawn(4, 1, 1)], {}), padded]
    in_a_row = [first, padded]
    one_by_one = [first, ("Mul", ["x", drawn(4, 4, 4)], {})]
    for steps, reason in ((shifted, "pads"), (in_a_row, "without a ReLU"), (one_by_one, "one by one")):
        with pytest.raises(SpecError, match=reason):
            read_onnx(written(steps, (1, 2, 6, 6), tmp_path))


@pytest.mark.parametrize("shape", [(1, "width"), (1, 10**6, 10**6), (), (0,)])
def test_open_or_endless_inputs_are_refused(shape, tmp_path):
    with pytest.raises(SpecError, match="its input is"):
        read_onnx(written(DENSE, shape, tmp_path))


def test_several_outputs_and_inputs_are_refused(tmp_path):
    several = model(DENSE, (1, 8))
    several.graph.output.append(helper.make_tensor_value_info("r0", TensorProto.FLOAT, None))
    onnx.save(several, tmp_path / "outputs.onnx")
    with pytest.raises(SpecError, match="its outputs are"):
        read_onnx(tmp_path / "outputs.onnx")
    several = model(DENSE, (1, 8))
    several.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))
    onnx.save(several, tmp_path / "inputs.onnx")
    with pytest.raises(SpecError, match="it takes 2 inputs: input, more"):
        read_onnx(tmp_path / "inputs.onnx")


def test_weights_in_other_files_are_refused(tmp_path):
    net = model(DENSE, (1, 8))
    onnx.save(net, tmp_path / "net.onnx", save_as_external_data=True, location="weights", size_threshold=0)
    with pytest.raises(SpecError, match="in another file"):
        read_onnx(tmp_path / "net.onnx")


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x08\x08\x12", bytes(range(256))])
def test_garbage_is_refused(content, tmp_path):
    (tmp_path / "net.onnx").write_bytes(content)
    with pytest.raises(SpecError, match=r"network\.file"):
        read_onnx(tmp_path / "net.onnx")


def test_a_truncated_file_is_refused(tmp_path):
    whole = written(DENSE, (1, 8), tmp_path).read_bytes()
    path = tmp_path / "half.onnx"
    for share in (0.3, 0.6, 0.9, 0.99):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(SpecError):
            read_onnx(path)


def test_weights_of_another_size_than_they_say_are_refused(tmp_path):
    net = model(DENSE, (1, 8))
    net.graph.initializer[0].dims[0] = 10**9
    onnx.save(net, tmp_path / "net.onnx")
    with pytest.raises(SpecError, match="can't read the weights"):
        read_onnx(tmp_path / "net.onnx")
