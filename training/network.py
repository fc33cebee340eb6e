"""Fitting the network of `shenyong.inspection.tagging.network`, in JAX, on the processor.

The same sums as the tagger's own, with dropout: characters are taken for unknown ones, words and
measures are left out, numbers inside are dropped, so that no single sign is relied upon.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from shenyong.inspection.tagging.network import DILATIONS, LABELS, Weights
from shenyong.inspection.tagging.tokens import (
    LATIN_BUCKETS,
    MEASURES,
    SHAPES,
    SPEECHES,
    Tables,
)
from training.streams import Rows

WIDTH = 48
BATCH, RATE, DECAY = 12, 3e-3, 0.02
UNKNOWN, UNSEEN, DROP = 0.08, 0.1, 0.2
KEPT = 0.998  # of the mean of the parameters, at each step

Parameters = dict[str, Any]


def begin(tables: Tables, seed: int, width: int = WIDTH) -> Parameters:
    """Small random numbers, the same for the same seed."""
    keys = iter(jax.random.split(jax.random.PRNGKey(seed), 8))

    def drawn(*shape: int, spread: float) -> Any:
        return jax.random.normal(next(keys), shape) * spread

    count = int(tables.characters.max()) + 1 + LATIN_BUCKETS
    return {
        "characters": drawn(count, width, spread=0.3),
        "shapes": drawn(SHAPES, width, spread=0.1),
        "begins": drawn(SPEECHES, width, spread=0.1),
        "finishes": drawn(SPEECHES, width, spread=0.1),
        "measures": drawn(MEASURES, width, spread=0.3),
        "filters": drawn(len(DILATIONS), 3 * width, width, spread=1 / math.sqrt(3 * width)),
        "offsets": jnp.zeros((len(DILATIONS), width)),
        "answer": drawn(width, LABELS, spread=0.1),
        "answer_offset": jnp.zeros(LABELS).at[0].set(2.0),
    }


def _kept(key: Any, share: float, shape: tuple[int, ...]) -> Any:
    return jax.random.bernoulli(key, 1 - share, shape) / (1 - share)


def answers(p: Parameters, seen: Rows, key: Any) -> Any:
    """Logits of rows of tokens, with dropout by `key`."""
    characters = seen.characters
    alive = (characters > 0)[..., None]
    keys = jax.random.split(key, 3 + len(DILATIONS))
    unknown = jax.random.bernoulli(keys[0], UNKNOWN, characters.shape)
    characters = jnp.where(unknown & (characters > 0), 1, characters)
    known = jax.random.bernoulli(keys[1], 1 - UNSEEN, characters.shape)
    state = p["characters"][characters] + p["shapes"][seen.shapes]
    state += p["begins"][seen.begins * known] + p["finishes"][seen.finishes * known]
    state += (seen.measures * known[..., None]) @ p["measures"]
    state = state * alive * _kept(keys[2], DROP, state.shape)
    count = state.shape[1]
    for layer, far in enumerate(DILATIONS):
        room = jnp.pad(state, ((0, 0), (far, far), (0, 0)))
        beside = jnp.concatenate([room[:, :count], state, room[:, 2 * far :]], axis=-1)
        said = jax.nn.relu(beside @ p["filters"][layer] + p["offsets"][layer])
        state = (state + said * _kept(keys[3 + layer], DROP, said.shape)) * alive
    return state @ p["answer"] + p["answer_offset"]


def loss(p: Parameters, seen: Rows, key: Any) -> Any:
    """How far the allowed labels' probabilities are from one, over the tokens."""
    said = jax.nn.log_softmax(answers(p, seen, key))
    allowed = (seen.allowed[..., None] >> jnp.arange(LABELS)) & 1
    right = jax.nn.logsumexp(jnp.where(allowed > 0, said, -1e9), axis=-1)
    live = seen.allowed > 0
    return -(right * live).sum() / live.sum()


def _some(seen: Rows, at: Any) -> Rows:
    return Rows(
        seen.characters[at],
        seen.shapes[at],
        seen.begins[at],
        seen.finishes[at],
        seen.measures[at],
        seen.allowed[at],
    )


def train(
    p: Parameters, epoch: Callable[[int], Rows], epochs: int, seed: int, tell: Callable[[str], None]
) -> Parameters:
    """Fit to what `epoch` gives for each epoch's number; `tell` hears of the loss."""
    steps = epochs * (len(epoch(0).allowed) // BATCH)
    rate = optax.warmup_cosine_decay_schedule(0.0, RATE, steps // 20 + 1, steps, RATE / 50)
    method = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(rate, weight_decay=DECAY))

    def fitted(p: Parameters, state: Any, seen: Rows, key: Any) -> tuple[Parameters, Any, Any]:
        value, slope = jax.value_and_grad(loss)(p, seen, key)
        change, state = method.update(slope, state, p)
        return optax.apply_updates(p, change), state, value

    def followed(mean: Parameters, p: Parameters) -> Parameters:
        nearer: Parameters = jax.tree.map(lambda a, b: KEPT * a + (1 - KEPT) * b, mean, p)
        return nearer

    step, follow = jax.jit(fitted), jax.jit(followed)
    mean = p
    state = method.init(p)
    key = jax.random.PRNGKey(seed + 7)
    for number in range(epochs):
        seen = epoch(number)
        order = np.random.default_rng(seed * 1000 + number).permutation(len(seen.allowed))
        total = 0.0
        for low in range(0, len(order) - BATCH + 1, BATCH):
            at = order[low : low + BATCH]
            key, now = jax.random.split(key)
            p, state, value = step(p, state, _some(seen, at), now)
            # The mean of the last thousand steps is steadier than any one of them.
            mean = follow(mean, p)
            total += float(value)
        tell(f"epoch {number + 1}: loss {total / max(1, len(order) // BATCH):.4f}")
    return mean


def weights(p: Parameters, tables: Tables, nothing: float) -> Weights:
    """The parameters as the tagger wants them; `nothing` is taken from the logit of nothing."""
    numbers = {name: np.array(value, np.float32) for name, value in p.items()}
    numbers["answer_offset"][0] -= nothing
    return Weights(tables, **numbers)
