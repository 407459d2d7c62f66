"""Hugging Face's config.json: the fields of decoders that are described here; others are refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualgap.core.arrays import shown
from dualgap.core.errors import Fault, SpecError
from dualgap.problems.transformers.model import Transformer

_GATED = ("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "phi3", "olmo2", "smollm3")
_PLAIN = {
    "gpt2": {"layers": "n_layer", "hidden": "n_embd", "heads": "n_head", "ffn": "n_inner"},
    "gpt_neox": {},
    "opt": {"ffn": "ffn_dim"},
}
_USUAL = {
    "layers": "num_hidden_layers",
    "hidden": "hidden_size",
    "heads": "num_attention_heads",
    "ffn": "intermediate_size",
}
_EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_intermediate_size")
_DROPOUT = ("resid_pdrop", "hidden_dropout", "dropout")
_OTHERS = {
    "kv_lora_rank": "latent attention",
    "is_encoder_decoder": "an encoder beside the decoder",
    "vision_config": "pictures",
    "ssm_cfg": "state-space layers",
    "hybrid_override_pattern": "layers of several kinds",
}


def from_config(config: Mapping[str, Any], where: str) -> Transformer:
    """The transformer that a configuration describes.

    Args:
        where: its place in the spec, for faults.

    Raises:
        SpecError: a field is missing, or something isn't modelled: mixtures of experts, encoders, latent attention.
    """
    kind = config.get("model_type")
    beyond = [(name, "a mixture of experts") for name in _EXPERTS] + list(_OTHERS.items())
    found = [(name, said) for name, said in beyond if config.get(name)]
    if found:
        name, said = found[0]
        raise SpecError([Fault(f"{where}.{name}", f"{said} isn't modelled", "a decoder whose layers are alike")])
    if kind not in (*_GATED, *_PLAIN):
        known = ", ".join((*_GATED, *_PLAIN))
        raise SpecError(
            [Fault(f"{where}.model_type", f"{shown(kind)} isn't modelled", f"one of {known}; or its fields")]
        )
    names = _USUAL | _PLAIN.get(kind, {})
    hidden, heads = (_whole(config, names[field], where) for field in ("hidden", "heads"))
    ffn = names["ffn"]
    return Transformer(
        layers=_whole(config, names["layers"], where),
        hidden=hidden,
        heads=heads,
        kv_heads=_whole(config, "num_key_value_heads", where, heads),
        head_dim=_whole(config, "head_dim", where, hidden // heads),
        ffn=_whole(config, ffn, where, 4 * hidden if kind == "gpt2" else None),
        gated=kind in _GATED,
        vocabulary=_whole(config, "vocab_size", where),
        tied=bool(config.get("tie_word_embeddings", kind in ("gpt2", "opt", "gemma", "gemma2"))),
        dropout=any(config.get(name) for name in _DROPOUT),
    )


def _whole(config: Mapping[str, Any], name: str, where: str, default: int | None = None) -> int:
    value = config.get(name)
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SpecError(
            [Fault(f"{where}.{name}", f"{shown(value)} is no whole number from 1", "a complete config.json")]
        )
    return value
