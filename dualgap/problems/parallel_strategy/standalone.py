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

    def run(weights: Weights, x: jax.Array) -> jax.Array:
        inside = checkpoint_name(stream(normed(x), "input"), "input")
        q, k, v = (pinned(jnp.einsum("bsh,hnd->bsnd", inside, weights[name]), heads(name)) for name in "qkv")
        q, k, v = (checkpoint_name(part, "qkv") for part in (q, k, v))
        out = checkpoint_name(attended(q, k, v, positions, said["exchange"], on, pinned), "attention")
        x = checkpoint_name(stream(x + jnp.einsum("bsnd,ndh->bsh", out, weights["project"]), "project"), "project")
        inside = checkpoint_name(stream(normed(x), "project"), "project")
        wide = jnp.einsum("bsh,hgf->bsgf", inside, weights["up"])
        wide = checkpoint_name(pinned(wide, P("data", "context", None, "tensor")), "up")
        active = jax.nn.silu(wide[:, :, 0]) * wide[:, :, 1] if wide.shape[2] == 2 else jax.nn.gelu(wide[:, :, 0])
        active = checkpoint_name(active, "up")
        return stream(x + jnp.einsum("bsf,fh->bsh", active, weights["down"]), "input")

    def heads(name: str) -> P:
        return SEEN if name == "q" or said["weights"]["k"][1] else P("data", "context", None, None)

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
    k, v = (jnp.repeat(part, q.shape[2] // part.shape[2], axis=2) for part in (k, v))
    if exchange == "ring" and on is not None:
        specs = (SEEN, SEEN, SEEN, P("context"))
        ring = partial(in_a_ring, devices=on.shape["context"])
        found: jax.Array = jax.shard_map(ring, mesh=on, in_specs=specs, out_specs=SEEN)(q, k, v, positions)
        return found
    if exchange == "gather":
        k, v = (pinned(part, P("data", None, "tensor", None)) for part in (k, v))
    if exchange == "ulysses":
        q, k, v = (pinned(part, P("data", None, ("tensor", "context"), None)) for part in (q, k, v))
    scores = masked(q, k, positions, positions)
    return pinned(jnp.einsum("bnqk,bknd->bqnd", jax.nn.softmax(scores, axis=-1), v), SEEN)


def masked(q: jax.Array, k: jax.Array, rows: jax.Array, columns: jax.Array) -> jax.Array:
    """(batch, heads, queries, keys) scores, -inf where a key comes after its query."""
    scores = jnp.einsum("bqnd,bknd->bnqk", q, k) / math.sqrt(q.shape[-1])
    return jnp.where(rows[:, None] >= columns[None, :], scores, -jnp.inf)


def in_a_ring(q: jax.Array, k: jax.Array, v: jax.Array, rows: jax.Array, devices: int) -> jax.Array:
    """Keys and values go round; each device joins what it sees by its largest score so far (Liu et al., 2023)."""
    columns = rows
    largest = jnp.full((q.shape[0], q.shape[2], q.shape[1]), -1e30, q.dtype)  # no -inf: a device may see nothing yet
    weight, total = jnp.zeros_like(largest), jnp.zeros_like(q)
    for step in range(devices):
        scores = masked(q, k, rows, columns)
        now = jnp.maximum(largest, jnp.max(scores, axis=-1))
        shrunk, shares = jnp.exp(largest - now), jnp.exp(scores - now[..., None])
        weight = weight * shrunk + jnp.sum(shares, axis=-1)
        total = total * jnp.swapaxes(shrunk, 1, 2)[..., None] + jnp.einsum("bnqk,bknd->bqnd", shares, v)
        largest = now
        if step + 1 < devices:
            around = [(i, (i + 1) % devices) for i in range(devices)]
            k, v, columns = (jax.lax.ppermute(part, "context", around) for part in (k, v, columns))
    return total / jnp.swapaxes(weight, 1, 2)[..., None]


def loss(
    weights: Sequence[Weights], x: jax.Array, positions: jax.Array, layers: Sequence[Mapping[str, Any]], on: Mesh | None
) -> jax.Array:
    """Any scalar of a stage's output: put the next stage or the logits here."""
    for one, said in zip(weights, layers):
        x = layer(one, x, positions, said, on)
    return jnp.mean(jnp.sin(x))


def compared(stage: int = 0, layers: int = 2, seed: int = 0) -> tuple[float, float]:
    """Relative differences of loss and gradients between the plan and one device, float32, for a small model of the
    plan's heads: the stage's last layer and those before it, so many.
    """
    said: list[dict[str, Any]] = (PLAN["stages"][stage]["layers"] * layers)[-layers:]
    on, rng = mesh(), np.random.default_rng(seed)
    wide = 8 * math.prod(PLAN["mesh"].values())
    model = {**PLAN["model"], "hidden": wide, "head_dim": 4, "ffn": wide}
    draws = {name: rng.normal(size=shape) / math.sqrt(shape[0]) for name, shape in shapes(model).items()}
    weights = [{name: jnp.asarray(value, jnp.float32) for name, value in draws.items()} for _ in said]
    sequence = 4 * PLAN["mesh"]["context"] * PLAN["mesh"]["tensor"]
    x = np.asarray(rng.normal(size=(2 * PLAN["mesh"]["data"], sequence, wide)), np.float32)
    places = order(sequence, PLAN["mesh"]["context"])

    def step(weights: Sequence[Weights], x: jax.Array, positions: np.ndarray, on: Mesh | None) -> list[np.ndarray]:
        both = jax.jit(jax.value_and_grad(lambda weights: loss(weights, x, jnp.asarray(positions), said, on)))
        return [np.asarray(jax.device_get(one)) for one in jax.tree.leaves(both(weights))]

    alone = step(weights, jnp.asarray(x), np.arange(sequence), None)
    tokens = jax.device_put(x[:, places], NamedSharding(on, P("data", "context")))
    spread = step(placed(weights, on, said), tokens, places, on)
    off = [float(np.abs(ours - theirs).max() / np.abs(theirs).max()) for ours, theirs in zip(spread, alone)]
    return off[0], max(off[1:])


if __name__ == "__main__":
    for number in range(len(PLAN["stages"])):
        value, gradient = compared(number)
        print(f"{PLAN['stages'][number]['name']} stage: loss {value:.1e}, gradients {gradient:.1e} from one device's")
