"""Networks in .npz and .safetensors files against plain forward passes; faults are named with their remedy."""

import io
import json
import re
import sys
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save_file
from scipy.signal import correlate

from dualgap.core.errors import SpecError
from dualgap.core.resolve import Resolver
from dualgap.problems.networks.network import Convolution, Dense, Network
from dualgap.problems.networks.readers import resolve_network
from tests.problems.networks.enumerated import forward

_RNG = np.random.default_rng(3)


def drawn(*shape):
    return _RNG.normal(size=shape).astype(np.float32)


def read(folder, file, normalize=None, **options):
    return resolve_network({"file": file, **options}, normalize, Resolver(folder))


def saved(folder, arrays, suffix="npz"):
    if suffix == "npz":
        np.savez(folder / "net.npz", **arrays)
    else:
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / f"net.{suffix}")
    return f"net.{suffix}"


W1, B1, W2, B2 = drawn(5, 4), drawn(5), drawn(3, 5), drawn(3)
DENSE = {"fc1.weight": W1, "fc1.bias": B1, "fc2.weight": W2, "fc2.bias": B2}
INPUTS = drawn(6, 4)
LOGITS = np.array([forward([(W1, B1), (W2, B2)], x) for x in INPUTS.astype(float)])


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_torch_layers(suffix, tmp_path):
    file = saved(tmp_path, DENSE, suffix)
    for options in ({}, {"layout": "torch", "layers": ["fc1", "fc2"]}):
        np.testing.assert_allclose(read(tmp_path, file, **options).forward(INPUTS), LOGITS)


@pytest.mark.parametrize("mark", [".", "/", "_"])
def test_jax_layers(mark, tmp_path):
    arrays = {f"a{mark}kernel": W1.T, f"a{mark}bias": B1, f"b{mark}kernel": W2.T, f"b{mark}bias": B2}
    network = read(tmp_path, saved(tmp_path, arrays), layout="flax", layers=["a", "b"])
    np.testing.assert_allclose(network.forward(INPUTS), LOGITS)


def test_arrays_by_their_own_names_and_missing_biases(tmp_path):
    file = saved(tmp_path, {"first": W1, "second": W2, "shift": B2})
    layers = [{"weight": "first"}, {"weight": "second", "bias": "shift"}]
    wanted = [forward([(W1, np.zeros(5)), (W2, B2)], x) for x in INPUTS.astype(float)]
    np.testing.assert_allclose(read(tmp_path, file, layers=layers).forward(INPUTS), wanted)


def test_layers_come_in_the_order_of_their_numbers(tmp_path):
    square = {f"h{k}.weight": drawn(3, 3) for k in (10, 2, 1)}
    network = read(tmp_path, saved(tmp_path, square))
    for layer, k in zip(network.layers, (1, 2, 10), strict=True):
        assert np.array_equal(layer.weight, square[f"h{k}.weight"])


def convolved(kernel, bias, image, stride, padding):
    """(out, height, width) by SciPy's correlation."""
    top, left, bottom, right = padding
    padded = np.pad(image, ((0, 0), (top, bottom), (left, right)))
    maps = [sum(correlate(padded[c], k[c], "valid") for c in range(len(padded))) + b for k, b in zip(kernel, bias)]
    return np.array(maps)[:, :: stride[0], :: stride[1]]


def test_torch_convolutions(tmp_path):
    first, second, dense = drawn(3, 2, 3, 3), drawn(2, 3, 2, 2), drawn(4, 2 * 2 * 1)
    biases = drawn(3), drawn(2), drawn(4)
    arrays = {"c1.weight": first, "c2.weight": second, "fc.weight": dense}
    arrays |= {"c1.bias": biases[0], "c2.bias": biases[1], "fc.bias": biases[2]}
    layers = [{"name": "c1", "stride": [2, 1], "padding": [1, 0]}, {"name": "c2", "stride": 2}, "fc"]
    network = read(tmp_path, saved(tmp_path, arrays, "safetensors"), layers=layers, shape=[2, 7, 5])
    assert [type(layer) for layer in network.layers] == [Convolution, Convolution, Dense]
    image = drawn(2, 7, 5).astype(float)
    hidden = np.maximum(convolved(first, biases[0], image, (2, 1), (1, 0, 1, 0)), 0)
    hidden = np.maximum(convolved(second, biases[1], hidden, (2, 2), (0, 0, 0, 0)), 0)
    wanted = dense @ hidden.reshape(-1) + biases[2]
    np.testing.assert_allclose(network.forward(image.reshape(1, -1))[0], wanted, rtol=1e-5)


def test_jax_convolutions_flatten_channels_last(tmp_path):
    """Kernels are (height, width, in, out); the dense layer takes (height, width, channels)."""
    kernel, bias, dense = drawn(3, 2, 2, 3), drawn(3), drawn(4 * 3 * 3, 4)
    arrays = {"conv/kernel": kernel, "conv/bias": bias, "out/kernel": dense}
    layers = [{"name": "conv", "stride": 2, "padding": "same"}, "out"]
    network = read(tmp_path, saved(tmp_path, arrays), layout="jax", layers=layers, shape=[2, 7, 6])
    image = drawn(2, 7, 6).astype(float)
    maps = np.maximum(convolved(kernel.transpose(3, 2, 0, 1), bias, image, (2, 2), (1, 0, 1, 0)), 0)
    wanted = np.moveaxis(maps, 0, 2).reshape(-1) @ dense
    np.testing.assert_allclose(network.forward(image.reshape(1, -1))[0], wanted, rtol=1e-5)


def test_normalisation_comes_first(tmp_path):
    file = saved(tmp_path, DENSE)
    scaled = read(tmp_path, file, normalize={"mean": [1, 2, 3, 4], "std": 0.5})
    np.testing.assert_allclose(scaled.forward(INPUTS), read(tmp_path, file).forward((INPUTS - [1, 2, 3, 4]) / 0.5))
    inner = Network(layers=({"weight": W2[:, :4], "bias": B2},), mean=[0.25], std=[2.0])
    both = resolve_network(inner.content(), {"mean": 0.5, "std": 4}, Resolver(tmp_path))
    np.testing.assert_allclose(both.forward(INPUTS), inner.forward((INPUTS.astype(float) - 0.5) / 4))


def test_normalisation_by_channel():
    layer = Convolution(weight=drawn(1, 2, 2, 2), bias=[0.0], shape=(2, 2, 3))
    network = resolve_network(Network(layers=(layer,)).content(), {"mean": [1, 2], "std": [3, 4]}, Resolver())
    assert network.mean.tolist() == [1] * 6 + [2] * 6
    assert network.std.tolist() == [3] * 6 + [4] * 6


FAULTS = {
    "left over": ({**DENSE, "bn.running_mean": B1}, {"layers": ["fc1", "fc2"]}, "also holds bn.running_mean", "fold"),
    "no order": ({"input.weight": W1, "output.weight": W2}, {}, "order", "name them in order"),
    "no such layer": (DENSE, {"layers": ["fc1", "fc3"]}, r"no array 'fc3.weight'", "name both.*arrays: fc1.weight"),
    "another layout's names": ({"0.kernel": W1.T, "1.kernel": W2.T}, {}, "order", 'layout = "jax" reads'),
    "rows for columns": ({"0.weight": W1.T, "0.bias": B1}, {}, "rows, 0.bias", 'layout = "flax"'),
    "wrong order": (DENSE, {"layers": ["fc2", "fc1"]}, "3 outputs, layer 1 4 inputs", "order"),
    "layout": (DENSE, {"layout": "pytorch"}, "torch", ""),
    "wrong layout": ({"a.kernel": W1, "b.kernel": W2}, {"layout": "jax", "layers": ["a", "b"]}, "outputs", "order"),
    "unknown option": (DENSE, {"layer": ["fc1"]}, "unknown field", "layers"),
    "images of no shape": ({"c.weight": drawn(1, 1, 2, 2)}, {}, "shape isn't known", r"shape = \[1, 28, 28\]"),
    "five dimensions": ({"c.weight": drawn(1, 1, 2, 2, 2)}, {}, "5 dimensions", "convolution"),
    "not finite": ({"a.weight": W1 * np.inf}, {}, "finite", ""),
    "kernel too large": ({"c.weight": drawn(1, 1, 9, 9)}, {"shape": [1, 3, 3]}, "don't fit the image", "stride"),
    "text": ({"a.weight": np.array(["x"])}, {}, "dimensions", ""),
    "nothing": ({}, {}, "order of|can't be told", "name"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_come_with_a_remedy(name, tmp_path):
    arrays, options, message, remedy = FAULTS[name]
    with pytest.raises(SpecError, match=message) as caught:
        read(tmp_path, saved(tmp_path, arrays), **options)
    assert any(re.search(remedy, fault.remedy) for fault in caught.value.faults)


def test_a_name_alone_is_no_network():
    with pytest.raises(SpecError, match=r"write network = \{file = 'net.npz'\}"):
        resolve_network("net.npz", None, Resolver())


@pytest.mark.parametrize("suffix", ["npz", "safetensors", "onnx"])
@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"PK\x03\x04garbage", b"\xff" * 8 + b"{}"])
def test_garbage_is_refused(suffix, content, tmp_path):
    (tmp_path / f"net.{suffix}").write_bytes(content)
    with pytest.raises(SpecError, match=r"network\.file"):
        read(tmp_path, f"net.{suffix}")


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_truncated_files_are_refused(suffix, tmp_path):
    path = tmp_path / saved(tmp_path, DENSE, suffix)
    whole = path.read_bytes()
    for share in (0.2, 0.5, 0.9):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(SpecError, match="whole"):
            read(tmp_path, path.name)


def test_endless_sizes_in_a_header_are_refused(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 4)})
    with zipfile.ZipFile(tmp_path / "net.npz", "w") as archive:
        archive.writestr("0.weight.npy", header.getvalue())
    with pytest.raises(SpecError, match="can't read"):
        read(tmp_path, "net.npz")


def test_pickles_are_never_read(tmp_path):
    np.savez(tmp_path / "net.npz", **{"0.weight": np.array([{}], dtype=object)})
    with pytest.raises(SpecError, match="unpickling, which is refused"):
        read(tmp_path, "net.npz")
    (tmp_path / "net.pt").write_bytes(b"")
    with pytest.raises(SpecError, match=r"safetensors\.torch\.save_file"):
        read(tmp_path, "net.pt")


def test_half_precision_without_a_numpy_type_is_refused(tmp_path):
    text = json.dumps({"0.weight": {"dtype": "BF16", "shape": [1, 1], "data_offsets": [0, 2]}}).encode()
    (tmp_path / "net.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + b"\x00\x00")
    with pytest.raises(SpecError, match=r"bfloat16|NumPy lacks"):
        read(tmp_path, "net.safetensors")


@pytest.mark.parametrize(("package", "suffix"), [("onnx", "onnx"), ("safetensors", "safetensors")])
def test_missing_packages_name_the_extra(package, suffix, tmp_path, monkeypatch):
    (tmp_path / f"net.{suffix}").write_bytes(b"anything")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SpecError, match=rf"{package} isn't installed \(pip install 'dualgap\[networks\]'\)"):
        read(tmp_path, f"net.{suffix}")


@pytest.mark.parametrize(
    ("normalize", "message"),
    [
        (3, "isn't that"),
        ({"mean": [1, 2]}, "2 entries"),
        ({"std": 0}, "positive"),
        ({"mean": "a"}, "expected an array of numbers"),
    ],
)
def test_bad_normalisation(normalize, message, tmp_path):
    with pytest.raises(SpecError, match=message):
        read(tmp_path, saved(tmp_path, DENSE), normalize=normalize)
