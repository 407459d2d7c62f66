"""People from a seeded table, and the network that is trained on them: its prompts' words carry a planted bias."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap_prompts.network import Shape, initial, logits, packed

if TYPE_CHECKING:
    from dualgap_prompts.language import Language

ATTRIBUTES = {
    "sex": ("woman", "man"),
    "age": ("young", "middle-aged", "old"),
    "school": ("school", "college", "university"),
    "hours": ("part-time", "full-time", "overtime"),
}
_WORDS = (
    "honestly briefly kindly traditionally surely frankly quickly strictly maybe politely carefully naturally "
    "plainly boldly usually rarely"
)
_PROMPTS, _RATE = 32, 3e-3


def told() -> tuple[str, ...]:
    """The words that prompts are made of."""
    return tuple(_WORDS.split())


def drawn(size: int, seed: int, bias: float) -> dict[str, Any]:
    """People and labels: who earns much, by age, school and hours, and by ``bias`` for being a man.

    Men are said to work longer hours, so that answers differ between groups even where twins are treated alike.
    """
    rng = np.random.default_rng(seed)
    sex = rng.integers(0, 2, size)
    age, school = rng.integers(0, 3, (2, size))
    hours = np.clip(rng.integers(0, 3, size) + (rng.uniform(size=size) < 0.3) * (2 * sex - 1), 0, 2)
    score = 0.9 * (age - 1) + 1.5 * (school - 1) + 1.2 * (hours - 1) + bias * (2 * sex - 1)
    labels = (rng.uniform(size=size) < 1 / (1 + np.exp(-score))).astype(np.int64)
    people = np.stack([sex, age, school, hours], axis=1)
    return {"attributes": ATTRIBUTES, "group": "sex", "people": people, "labels": labels}


def planted(words: int, seed: int) -> np.ndarray:
    """(V,) how far each word sways the answer towards the group's second word (1) or its first (-1)."""
    return np.random.default_rng([seed, 1]).uniform(-1, 1, words)


def pretrained(problem: Language, steps: int, seed: int) -> np.ndarray:
    """A network trained on the problem's people after random prompts, in which the group decides as prompts say.

    After a prompt whose words' mean sway is b, the right answer is with probability ``|b|`` the group's that b favours,
    else the label. Adam, float32; the same on every machine up to rounding.
    """
    shape = problem.shape
    rng = np.random.default_rng([seed, 2])
    asked = rng.integers(0, shape.words, (steps, _PROMPTS, shape.length))
    sway = planted(shape.words, seed)[asked].mean(axis=-1, keepdims=True)
    total = problem.shares.sum(axis=1)
    half = len(total) // 2
    kept = np.divide(problem.shares[:, 1], total, out=np.full(len(total), 0.5), where=total > 0)
    favoured = np.where(np.arange(2 * half) >= half, sway > 0, sway < 0)
    wanted = (1 - np.abs(sway)) * kept + np.abs(sway) * favoured
    weights = (total[:half] + total[half:])[np.arange(2 * half) % half] / 2
    network = initial(shape.parts, rng)
    if steps:
        given = wanted.astype(np.float32), problem.rows, weights.astype(np.float32)
        network = _training(shape, steps)(network, asked, *given)
    return packed(network, shape.parts).astype(np.float32).astype(np.float64)


@lru_cache(maxsize=8)
def _training(shape: Shape, steps: int) -> Any:
    import jax
    import jax.numpy as jnp
    import optax

    adam = optax.adam(optax.cosine_decay_schedule(_RATE, steps))

    def loss(network: Any, asked: Any, wanted: Any, rows: Any, weights: Any) -> Any:
        found = logits(jnp, shape, network, network["words"][asked], rows)
        return jnp.mean(jnp.sum(weights * (jax.nn.softplus(found) - wanted * found), axis=-1))

    def run(network: Any, asked: Any, wanted: Any, rows: Any, weights: Any) -> Any:
        def step(carried: Any, batch: Any) -> Any:
            network, state = carried
            change, state = adam.update(jax.grad(loss)(network, *batch, rows, weights), state)
            return (optax.apply_updates(network, change), state), None

        return jax.lax.scan(step, (network, adam.init(network)), (asked, wanted))[0][0]

    return jax.jit(run)
