"""From raw specs to closed ones: presets, Hugging Face configurations, and the sizes that are searched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dualgap.core.arrays import as_array, shown
from dualgap.core.errors import Fault, SpecError
from dualgap.core.resolve import Resolver, read_text
from dualgap.problems.said import chosen, number, positive, whole
from dualgap.problems.transformers.calibration import Calibration
from dualgap.problems.transformers.devices import LATENCY, NETWORK, NODE, PRESETS, SUSTAINED, Cluster
from dualgap.problems.transformers.hugging_face import from_config
from dualgap.problems.transformers.model import MODELS, Transformer

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT = Calibration(  # benchmarks/strategy.py fits it again
    efficiency=0.631,
    overhead=0.000784,
    error=0.123,
    source="1,549 steps on 2 to 512 A100s (vTrain: Bang et al., 2024), both of its tables weighted alike",
)
RAW_FIELDS: Mapping[str, str] = {
    "devices": '[{preset = "h100-sxm", count = 64, reserve = 0.08}]: a share of memory is left to others',
    "network": "{node_size, bandwidth, latency}: of nodes; 8, 200e9 bytes a second and 85e-6 s by default",
    "train": "{global_batch, sequence, optimizer, dtype}: adam-fp32 (the default), adam-bf16 or sgd; 16 bits",
    "fixed": "{tensor = 8}: sizes that are given",
    "search": "{context = [1, 2]}: sizes to look through; powers of two by default, context and interleave 1",
}
RAW_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "model": {"anyOf": [{"type": "object"}, {"type": "string"}]},
    "devices": {"type": "array", "items": {"type": "object"}},
    "network": {"type": "object"},
    "train": {"type": "object"},
    "fixed": {"type": "object"},
    "search": {"type": "object"},
    "calibration": {"anyOf": [{"type": "object"}, {"type": "string"}]},
}
OPTIMIZERS = {"adam-fp32": (2, 4, 12), "adam-bf16": (2, 2, 4), "sgd": (2, 2, 0)}
SEARCHED = ("tensor", "context", "pipeline", "microbatch", "interleave", "zero")
_DEVICES = 'devices = [{preset = "h100-sxm", count = 64}]'
_MODEL = 'model = {preset = "llama-3-8b"}, {file = "config.json"}, or its fields'
_TRAIN = "train = {global_batch = 512, sequence = 4096}"


def closed(spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
    """The closed spec's fields.

    Raises:
        SpecError: lists what can't be read, each with a remedy.
    """
    raw = dict(spec)
    if "cluster" in raw or "global_batch" in raw:
        if extra := sorted(RAW_FIELDS.keys() & raw.keys()):
            raise SpecError([Fault(extra[0], "given beside cluster", "one or the other")])
        return resolver.columns(raw, ())
    model = _model(raw.pop("model", None), resolver)
    cluster = _cluster(raw.pop("devices", None), _table(raw.pop("network", {}), "network"))
    train = _table(raw.pop("train", None), "train", ("global_batch", "sequence", "optimizer", "dtype"))
    chosen(train.get("dtype", "bfloat16"), ("bfloat16", "float16"), "train.dtype", "type of numbers")
    optimizer = chosen(train.get("optimizer", "adam-fp32"), OPTIMIZERS, "train.optimizer", "optimizer")
    weights, gradients, states = OPTIMIZERS[optimizer]
    batch = whole(train.get("global_batch"), "train.global_batch")
    fields: dict[str, Any] = {
        "model": model,
        "cluster": cluster,
        "calibration": _calibration(raw.pop("calibration", "default"), cluster, resolver),
        "global_batch": batch,
        "sequence": whole(train.get("sequence"), "train.sequence"),
        "weight_bytes": weights,
        "gradient_bytes": gradients,
        "state_bytes": states,
    }
    fixed, search = _table(raw.pop("fixed", {}), "fixed", SEARCHED), _table(raw.pop("search", {}), "search", SEARCHED)
    usual = _usual(model, cluster, batch)
    for name in SEARCHED:
        if name in fixed and name in search:
            raise SpecError([Fault(f"search.{name}", "fixed as well", "one or the other")])
        said = [fixed[name]] if name in fixed else search.get(name, "auto")
        fields[name] = as_array(usual[name] if said == "auto" else _sizes(said, name))
    return {**raw, **fields}


def _usual(model: Transformer, cluster: Cluster, batch: int) -> dict[str, list[int]]:
    """What is searched where nothing is said."""
    return {
        "tensor": _powers(min(cluster.node, model.heads)),
        "context": [1],
        "pipeline": [n for n in range(1, min(model.layers, cluster.devices) + 1) if model.layers % n == 0],
        "microbatch": _powers(min(batch, 16)),
        "interleave": [1],
        "zero": [0, 1],
    }


def _powers(limit: int) -> list[int]:
    return [2**k for k in range(limit.bit_length()) if 2**k <= limit]


def _model(said: Any, resolver: Resolver) -> Transformer:
    if isinstance(said, Transformer):
        return said
    said = {"preset": said} if isinstance(said, str) else said
    if not isinstance(said, Mapping):
        raise SpecError([Fault("model", "expected a preset, a file or fields", _MODEL)])
    if "preset" in said:
        name = chosen(said["preset"], MODELS, "model.preset", "model")
        others = {key: value for key, value in said.items() if key != "preset"}
        return _described({**MODELS[name][0].content(), **others})
    if "file" in said:
        others = {key: value for key, value in said.items() if key != "file"}
        text = read_text(resolver.path(said["file"], "model.file"))
        try:
            config = json.loads(text)
        except json.JSONDecodeError as error:
            raise SpecError([Fault("model.file", f"no JSON: {error}", "a Hugging Face config.json")]) from None
        if not isinstance(config, Mapping):
            raise SpecError([Fault("model.file", "holds no table", "a Hugging Face config.json")])
        return _described({**from_config(config, "model").content(), **others})
    heads, hidden = said.get("heads"), said.get("hidden")
    usual: dict[str, Any] = {"kv_heads": heads}
    if isinstance(heads, int) and isinstance(hidden, int) and heads > 0:
        usual |= {"head_dim": hidden // heads, "ffn": 4 * hidden}
    return _described({**usual, **said})


def _described(fields: Mapping[str, Any]) -> Transformer:
    """By its fields, with their faults under ``model``."""
    names = Transformer.model_fields
    if unknown := sorted(set(fields) - set(names)):
        raise SpecError([Fault(f"model.{unknown[0]}", "unknown field", f"one of {', '.join(names)}")])
    faults = []
    for name, field in names.items():
        value, whole = fields.get(name), field.annotation is int
        if name not in fields and field.is_required():
            faults.append(Fault(f"model.{name}", "missing", _MODEL))
        elif name in fields and (isinstance(value, bool) == whole or not isinstance(value, int)):
            expected = "a whole number" if whole else "true or false"
            faults.append(Fault(f"model.{name}", f"{shown(value)} isn't {expected}", _MODEL))
    if faults:
        raise SpecError(faults)
    return Transformer(**fields)


def _cluster(said: Any, network: Mapping[str, Any]) -> Cluster:
    if not isinstance(said, list) or not said or not all(isinstance(one, Mapping) for one in said):
        raise SpecError([Fault("devices", "expected a table", _DEVICES)])
    if len(said) > 1:
        remedy = "one sort; attention-placement takes several"
        raise SpecError([Fault("devices[1]", "devices of several sorts aren't modelled", remedy)])
    one = _table(said[0], "devices[0]", ("preset", "count", "reserve", "memory", "flops", "bandwidth", "link"))
    preset = chosen(one["preset"], PRESETS, "devices[0].preset", "device") if "preset" in one else None
    peaks: dict[str, float] = {}
    for name in ("memory", "flops", "bandwidth", "link"):
        if preset is None and name not in one:
            raise SpecError([Fault(f"devices[0].{name}", "missing, and there is no preset", _DEVICES)])
        given = getattr(PRESETS[preset], name) * (SUSTAINED if name == "link" else 1.0) if preset is not None else None
        peaks[name] = positive(one[name], f"devices[0].{name}") if name in one else float(given or 0)
    reserve = number(one.get("reserve", 0.0), "devices[0].reserve")
    if not 0 <= reserve < 1:
        raise SpecError([Fault("devices[0].reserve", f"{reserve:g} is no share", "from 0 to below 1")])
    if unknown := sorted(set(network) - {"node_size", "bandwidth", "latency"}):
        raise SpecError([Fault(f"network.{unknown[0]}", "unknown field", "node_size, bandwidth, latency")])
    return Cluster(
        devices=whole(one.get("count", 1), "devices[0].count"),
        node=whole(network.get("node_size", NODE), "network.node_size"),
        memory=round(peaks.pop("memory") * (1 - reserve)),
        network=positive(network.get("bandwidth", NETWORK), "network.bandwidth"),
        latency=positive(network.get("latency", LATENCY), "network.latency"),
        **peaks,
    )


def _calibration(said: Any, cluster: Cluster, resolver: Resolver) -> Calibration:
    if said == "default":
        return DEFAULT
    if isinstance(said, str):
        from dualgap.problems.parallel_strategy.measured import calibrated, read

        return calibrated(read(resolver.table(said, "calibration"), cluster, "calibration"), said)[0]
    table = _table(said, "calibration", tuple(Calibration.model_fields))
    numbers = {name: positive(table.get(name), f"calibration.{name}") for name in ("efficiency", "overhead")}
    error = positive(table["error"], "calibration.error") if "error" in table else 0.0
    return Calibration(**numbers, error=error, source=str(table.get("source", "")))


def _table(said: Any, where: str, known: Iterable[str] = ()) -> Mapping[str, Any]:
    names = tuple(known)
    if not isinstance(said, Mapping):
        raise SpecError([Fault(where, "expected a table", _TRAIN if where == "train" else f"{where} = {{...}}")])
    if names and (unknown := sorted(set(said) - set(names))):
        raise SpecError([Fault(f"{where}.{unknown[0]}", "unknown field", f"one of {', '.join(names)}")])
    return said


def _sizes(said: Any, name: str) -> list[int]:
    values = said if isinstance(said, list) else [said]
    return [whole(value, name, least=0 if name == "zero" else 1) for value in values]
