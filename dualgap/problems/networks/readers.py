"""Networks in files (``.onnx``, ``.npz``, ``.safetensors``), and the normalisation of their inputs.

Files are data: nothing in them is evaluated or unpickled.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic_core import PydanticCustomError

from dualgap.core.arrays import as_array, fault_at, shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.problem import parsed
from dualgap.core.resolve import Resolver
from dualgap.problems.networks.layouts import read_layers
from dualgap.problems.networks.network import Convolution, Network
from dualgap.problems.networks.onnx_file import read_onnx

_PICKLED = "pickles aren't read: write safetensors.torch.save_file(model.state_dict(), 'net.safetensors')"
_GRAPHS = "export it to ONNX, or save its arrays with numpy.savez"
_REMEDIES = {
    **dict.fromkeys((".pt", ".pth", ".bin", ".ckpt", ".pkl"), _PICKLED),
    **dict.fromkeys((".h5", ".keras", ".pb", ".tflite"), _GRAPHS),
}


def resolve_network(spec: Any, normalize: Any, resolver: Resolver) -> Any:
    """A raw spec's ``network`` and ``normalize``, closed.

    ``{file = ...}`` becomes a ``Network``, with ``layout``, ``layers`` and ``shape`` (``Layout``) where arrays have to
    be told. ``normalize`` (None without) is put before a normalisation of the network's own. Anything else stays as it
    is, for validation to judge.

    Raises:
        SpecError: the file can't be read as a network; with the place and the remedy.
    """
    if isinstance(spec, str):
        raise SpecError([Fault("network", f"{shown(spec)} is a text", f"write network = {{file = {shown(spec)}}}")])
    network = _read(dict(spec), resolver) if isinstance(spec, Mapping) and "file" in spec else spec
    return network if normalize is None else _normalised(parsed(Network, network, "network"), normalize)


def _read(given: dict[str, Any], resolver: Resolver) -> Network:
    name = given.pop("file")
    path = resolver.path(name, "network.file")
    suffix = path.suffix.lower()
    if suffix == ".onnx":
        if given:
            raise SpecError([Fault(f"network.{field}", "not with .onnx", "leave it out") for field in given])
        return read_onnx(path)
    if suffix == ".npz":
        return read_layers({key: np.asarray(value) for key, value in _npz(name, resolver)}, given, "network")
    if suffix == ".safetensors":
        return read_layers(_safetensors(path), given, "network")
    remedy = _REMEDIES.get(suffix, "use .onnx, .safetensors or .npz")
    raise SpecError([Fault("network.file", f"can't read a network from {shown(path.name)}", remedy)])


def _npz(name: str, resolver: Resolver) -> Any:
    return resolver.table(name, "network.file").items()


def _safetensors(path: Path) -> dict[str, np.ndarray]:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError:
        message, remedy = "safetensors isn't installed", "pip install 'dualgap[networks]'"
        raise SpecError([Fault("network.file", message, remedy)]) from None
    try:
        arrays: dict[str, np.ndarray] = load_file(path)
    except (SafetensorError, OSError, ValueError, MemoryError) as error:
        message = f"can't read {shown(path.name)}: {error}"
        raise SpecError([Fault("network.file", message, "is the file whole?")]) from error
    except (KeyError, TypeError) as error:
        message = f"{shown(path.name)} has a type of numbers that NumPy lacks: {error}"
        raise SpecError([Fault("network.file", message, "save it as float32 or float64")]) from error
    return arrays


def _normalised(network: Network, normalize: Any) -> Network:
    """The network with ``(x - mean) / std`` ahead of everything."""
    if not isinstance(normalize, Mapping) or not set(normalize) <= {"mean", "std"}:
        raise SpecError([Fault("normalize", f"{shown(normalize)} isn't that", "write {mean = 0.13, std = 0.31}")])
    mean = _entries(normalize.get("mean", 0), "mean", network)
    std = _entries(normalize.get("std", 1), "std", network)
    if len(network.mean):
        mean = mean + std * network.mean
    if len(network.std):
        std = std * network.std
    whole: Network = parsed(Network, {**network.content(), "mean": mean, "std": std}, "normalize")
    return whole


def _entries(value: Any, name: str, network: Network) -> np.ndarray:
    """One number for all inputs, one for each, or one for each channel of images."""
    try:
        given = np.atleast_1d(as_array(value)).astype(np.float64)
    except PydanticCustomError as error:
        raise SpecError([fault_at(f"normalize.{name}", error)]) from None
    first = network.layers[0]
    if isinstance(first, Convolution) and given.shape == (first.shape[0],):
        return np.repeat(given, first.shape[1] * first.shape[2])
    if given.size not in (1, network.inputs):
        remedy = f"give one, {network.inputs}, or one a channel"
        raise SpecError([Fault(f"normalize.{name}", f"{given.size} entries", remedy)])
    return given.reshape(-1)
