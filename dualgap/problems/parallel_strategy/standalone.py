"""A transformer's layers as a plan spreads them: weights, activations and recomputation by ``jax.sharding``.

Run as a script it puts a small model of the plan's shape on the devices at hand and compares a microbatch's loss and
gradients with those on one device. Without as many devices as a stage has, let the host pretend:
XLA_FLAGS=--xla_force_host_platform_device_count=N JAX_PLATFORMS=cpu. Pipelines run a program like this on each stage's
devices. Attention's scores are recomputed, as flash attention does.
"""

# ``dualgap export RUN --to jax`` writes this module, with the plan in place of PLAN's {}.

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.ad_checkpoint import checkpoint_name
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

PLAN: dict[str, Any] = {}

Weights = dict[str, jax.Array]
SEEN = P("data", "context", "tensor", None)  # queries, keys, values: (batch, sequence, heads, width)


def mesh() -> Mesh:
    """A stage's devices.

    Raises:
        RuntimeError: there are fewer.
    """
    sizes: dict[str, int] = PLAN["mesh"]
    needed = math.prod(sizes.values())
    if len(jax.devices()) < needed:
        raise RuntimeError(f"a stage has {needed} devices, and here are {len(jax.devices())}; see this file's head")
    return Mesh(np.array(jax.devices()[:needed]).reshape(tuple(sizes.values())), tuple(sizes))


def shapes(model: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Of a layer's weights."""
    h, width, heads, keys = (model[name] for name in ("hidden", "head_dim", "heads", "kv_heads"))
    return {
        "q": (h, heads, width),
        "k": (h, keys, width),
        "v": (h, keys, width),
        "project": (heads, width, h),
        "up": (h, 2 if model["gated"] else 1, model["ffn"]),
        "down": (model["ffn"], h),
    }


def placed(weights: Sequence[Weights], on: Mesh, layers: Sequence[Mapping[str, Any]]) -> list[Weights]:
    """Each layer's weights where the plan has them."""
    return [
        {name: jax.device_put(one[name], NamedSharding(on, spec(said["weights"][name]))) for name in one}
        for one, said in zip(weights, layers)
    ]


def spec(axes: Sequence[Any]) -> P:
    """From a plan's lists."""
    return P(*(tuple(axis) if isinstance(axis, list) else axis for axis in axes))


def order(sequence: int, context: int) -> np.ndarray:
    """(sequence,) positions by place: each device has a stretch from the front and one from the back (zigzag)."""
    parts = np.arange(sequence).reshape(2 * context, -1)
    return np.concatenate([np.concatenate([parts[i], parts[-1 - i]]) for i in range(context)])


def layer(weights: Weights, x: jax.Array, positions: jax.Array, said: Mapping[str, Any], on: Mesh | None) -> jax.Array:
    """One layer.

    Args:
        x: (batch, sequence, hidden), tokens in the order of ``positions``: (sequence,).
        said: the layer's part of the plan. on: the devices; None for one.
    """

    def pinned(value: jax.Array, where: P) -> jax.Array:
        return value if on is None else jax.lax.with_sharding_constraint(value, NamedSharding(on, where))

    def stream(value: jax.Array, operator: str) -> jax.Array:
        split = operator in said["split"]
        return pinned(value, P("data", ("context", "tensor") if split else "context", None))

    def gathered(value: jax.Array) -> jax.Array:
        return pinned(value, P("data", "context", None))

    def run(weights: Weights, x: jax.Array) -> jax.Array:
        inside = gathered(checkpoint_name(stream(normed(x), "input"), "input"))
        q, k, v = (jnp.einsum("bsh,hnd->bsnd", inside, weights[name]) for name in "qkv")
        k, v = (jnp.repeat(part, max(1, tensor // part.shape[2]), axis=2) for part in (k, v))  # a head on each device
        q, k, v = (checkpoint_name(pinned(part, SEEN), "qkv") for part in (q, k, v))
        out = checkpoint_name(attended(q, k, v, positions, said["exchange"], on, pinned), "attention")
        more = stream(jnp.einsum("bsnd,ndh->bsh", out, weights["project"]), "project")
        x = checkpoint_name(stream(x, "project") + more, "project")
        inside = gathered(checkpoint_name(stream(normed(x), "project"), "project"))
        wide = jnp.einsum("bsh,hgf->bsgf", inside, weights["up"])
        wide = checkpoint_name(pinned(wide, P("data", "context", None, "tensor")), "up")
        active = jax.nn.silu(wide[:, :, 0]) * wide[:, :, 1] if wide.shape[2] == 2 else jax.nn.gelu(wide[:, :, 0])
        active = checkpoint_name(pinned(active, P("data", "context", "tensor")), "up")
        return stream(x, "input") + stream(jnp.einsum("bsf,fh->bsh", active, weights["down"]), "input")

    tensor = 1 if on is None else on.shape["tensor"]
    kept = jax.checkpoint_policies.save_only_these_names(*said["kept"])
    found: jax.Array = jax.checkpoint(run, policy=kept)(weights, x)
    return found


def normed(x: jax.Array) -> jax.Array:
    """By the root mean square; a scale of one."""
    return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + 1e-6)


def attended(
    q: jax.Array,
    k: jax.Array,
    v: jax.Array,
    positions: jax.Array,
    exchange: str,
    on: Mesh | None,
    pinned: Callable[[jax.Array, P], jax.Array],
) -> jax.Array:
    """Causal attention, (batch, sequence, heads, width); devices that share a sequence exchange as the plan says."""
    if exchange == "ring" and on is not None:
        specs = (SEEN, SEEN, SEEN, P("context"))
        ring = jax.checkpoint(partial(in_a_ring, devices=on.shape["context"]))
        found: jax.Array = jax.shard_map(ring, mesh=on, in_specs=specs, out_specs=SEEN)(q, k, v, positions)
        return found
    by_head = P("data", None, ("tensor", "context"), None)
    if exchange == "gather":
        k, v = (pinned(part, P("data", None, "tensor", None)) for part in (k, v))
    if exchange == "ulysses":
        q, k, v = (pinned(part, by_head) for part in (q, k, v))
    shares = jax.nn.softmax(masked(q, k, positions, positions), axis=-1)
    return pinned(pinned(mixed(shares, v), by_head if exchange == "ulysses" else SEEN), SEEN)


def masked(q: jax.Array, k: jax.Array, rows: jax.Array, columns: jax.Array) -> jax.Array:
    """(batch, keys' heads, queries' heads to each, queries, keys) scores, -inf where a key comes after its query."""
    grouped = q.reshape(*q.shape[:2], k.shape[2], -1, q.shape[-1])
    scores = jnp.einsum("bqngd,bknd->bngqk", grouped, k) / math.sqrt(q.shape[-1])
    return jnp.where(rows[:, None] >= columns[None, :], scores, -jnp.inf)


def mixed(shares: jax.Array, v: jax.Array) -> jax.Array:
    """(batch, queries, heads, width)."""
    found = jnp.einsum("bngqk,bknd->bqngd", shares, v)
    return found.reshape(*found.shape[:2], -1, v.shape[-1])


def in_a_ring(q: jax.Array, k: jax.Array, v: jax.Array, rows: jax.Array, devices: int) -> jax.Array:
    """Keys and values go round; each device joins what it sees by its largest score so far (Liu et al., 2023)."""
    columns = rows
    largest = jnp.full((q.shape[0], k.shape[2], q.shape[2] // k.shape[2], q.shape[1]), -1e30, q.dtype)
    weight, found = jnp.zeros_like(largest), jnp.zeros_like(q)  # a device may see nothing yet: no -inf
    for step in range(devices):
        scores = masked(q, k, rows, columns)
        now = jnp.maximum(largest, jnp.max(scores, axis=-1))
        shrunk, shares = jnp.exp(largest - now), jnp.exp(scores - now[..., None])
        weight = weight * shrunk + jnp.sum(shares, axis=-1)
        found = found * by_query(shrunk) + mixed(shares, v)
        largest = now
        if step + 1 < devices:
            around = [(i, (i + 1) % devices) for i in range(devices)]
            k, v, columns = (jax.lax.ppermute(part, "context", around) for part in (k, v, columns))
    return found / by_query(weight)


def by_query(part: jax.Array) -> jax.Array:
    """(batch, keys' heads, queries' to each, queries) as (batch, queries, heads, 1)."""
    return jnp.moveaxis(part, 3, 1).reshape(part.shape[0], part.shape[3], -1, 1)


def loss(
    weights: Sequence[Weights], x: jax.Array, positions: jax.Array, layers: Sequence[Mapping[str, Any]], on: Mesh | None
) -> jax.Array:
    """Any scalar of a stage's output: put the next stage or the logits here."""
    for one, said in zip(weights, layers):
        x = layer(one, x, positions, said, on)
    return jnp.mean(jnp.sin(x) ** 2)


def small() -> dict[str, Any]:
    """A model of the plan's heads that any machine can run."""
    wide = 8 * math.prod(PLAN["mesh"].values())
    return {**PLAN["model"], "hidden": wide, "head_dim": 4, "ffn": wide}


def step(layers: Sequence[Mapping[str, Any]], positions: np.ndarray, on: Mesh | None) -> Any:
    """A microbatch forward and backward: (weights, x) to the loss and its gradients."""
    where = jnp.asarray(positions)
    return jax.jit(jax.value_and_grad(lambda weights, x: loss(weights, x, where, layers, on), argnums=(0, 1)))


def drawn(layers: Sequence[Mapping[str, Any]], on: Mesh, seed: int = 0) -> tuple[list[Weights], np.ndarray]:
    """Weights of a small model on one device, and (batch, sequence, hidden) tokens in order."""
    rng, sizes = np.random.default_rng(seed), small()
    draws = {name: rng.normal(size=shape) / math.sqrt(shape[0]) for name, shape in shapes(sizes).items()}
    weights = [{name: jnp.asarray(value, jnp.float32) for name, value in draws.items()} for _ in layers]
    x = rng.normal(size=(2 * on.shape["data"], 4 * on.shape["context"] * on.shape["tensor"], sizes["hidden"]))
    return weights, x.astype(np.float32)


def spread(layers: Sequence[Mapping[str, Any]], on: Mesh) -> tuple[Any, str]:
    """The step as planned: what it finds, and its text after XLA's optimisation, with the collectives that it chose."""
    weights, x = drawn(layers, on)
    places = order(x.shape[1], on.shape["context"])
    where = P("data", ("context", "tensor") if "input" in layers[0]["split"] else "context")
    taken = placed(weights, on, layers), jax.device_put(x[:, places], NamedSharding(on, where))
    compiled = step(layers, places, on).lower(*taken).compile()
    return compiled(*taken), str(compiled.as_text())


def compared(layers: Sequence[Mapping[str, Any]]) -> tuple[float, float, str]:
    """Relative differences of loss and weights' gradients between the plan and one device, float32, small sizes; and
    the plan's compiled text.
    """
    on = mesh()
    planned, text = spread(layers, on)
    weights, x = drawn(layers, on)
    alone = step(layers, np.arange(x.shape[1]), None)(weights, jnp.asarray(x))
    pairs = zip(jax.tree.leaves(tidy(planned)), jax.tree.leaves(tidy(alone)))
    off = [float(np.abs(ours - theirs).max() / np.abs(theirs).max()) for ours, theirs in pairs]
    return off[0], max(off[1:]), text


def tidy(found: Any) -> Any:
    """Loss and weights' gradients on the host."""
    value, (gradients, _) = found
    return jax.device_get((value, gradients))


if __name__ == "__main__":
    for stage in PLAN["stages"]:
        value, gradient, _ = compared(stage["layers"][-2:])
        print(f"{stage['name']} stage: loss {value:.1e}, gradients {gradient:.1e} from one device's")
