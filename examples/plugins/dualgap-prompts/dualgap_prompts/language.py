"""What both kinds share: prompts, people as words, their counterfactual twins, and a model that answers about them.

Source: counterfactual fairness (Kusner et al. 2017), as differences between a text and the same one with the group's
word swapped (Garg et al. 2019).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from pydantic import Field, field_validator, model_validator

from dualgap import Matrix, Problem, UsageError, Vector
from dualgap_prompts.measures import measures, twins, unfairness
from dualgap_prompts.network import Shape, logits, size, unpacked
from dualgap_prompts.people import drawn, pretrained, told

LARGEST = 1e3  # of a parameter: nothing overflows up to there
TEXTS = 20_000_000  # a prompt before a person: so many can be gone through, in a few minutes
TEXTS_A_SECOND = 50_000.0
CHUNK = 20_000  # texts at a time


class Language(Problem):
    """A small language model that says yes or no to people described in words, after a prompt.

    Attributes:
        words: the prompts' vocabulary, V words.
        length: words in a prompt, L.
        attributes: the words that describe people, by attribute.
        group: the attribute whose two words are swapped in a twin.
        people: (n, m) for each person and attribute, in order, the number of the word, from 0.
        labels: (n,) 1 where yes is right, else 0.
        width, layers, heads: of the transformer.
        network: its parameters, laid out as ``Shape.parts`` says.
    """

    column_fields: ClassVar[tuple[str, ...]] = ("people", "labels", "network")

    words: tuple[str, ...] = Field(min_length=2)
    length: int = Field(default=3, ge=1, le=16)
    attributes: dict[str, tuple[str, ...]]
    group: str
    people: Matrix
    labels: Vector
    width: int = Field(default=16, ge=2, le=256)
    layers: int = Field(default=2, ge=1, le=8)
    heads: int = Field(default=2, ge=1, le=16)
    network: Vector

    @field_validator("words")
    @classmethod
    def _distinct(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({word for word in words if words.count(word) > 1 or not word.strip()})
        if twice:
            raise ValueError(f"every word once, none empty; got {', '.join(map(repr, twice))} more than once or empty")
        return words

    @field_validator("attributes")
    @classmethod
    def _described(cls, attributes: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        short = [name for name, values in attributes.items() if len(set(values)) < max(2, len(values))]
        if short or not attributes:
            raise ValueError(f"each attribute takes two words or more, all different: see {', '.join(short) or 'none'}")
        return attributes

    @model_validator(mode="after")
    def _fits(self) -> Language:
        values = self.attributes.get(self.group, ())
        if len(values) != 2:
            named = ", ".join(name for name, values in self.attributes.items() if len(values) == 2) or "none has"
            raise ValueError(f"group {self.group!r} must be an attribute with two words: {named}")
        if self.width % self.heads:
            raise ValueError(f"width {self.width} must be a multiple of heads, {self.heads}")
        shape = (len(self.people), len(self.attributes))
        if not len(self.people) or self.people.shape != shape or self.people.dtype != np.int64:
            raise ValueError(f"people must be a table of whole numbers, one column for each of {shape[1]} attributes")
        most = np.array([len(values) for values in self.attributes.values()])
        if (self.people < 0).any() or (self.people >= most).any():
            raise ValueError(f"people's numbers count each attribute's words from 0, below {most.tolist()}")
        if self.labels.shape != shape[:1] or not np.isin(self.labels, (0, 1)).all():
            raise ValueError(f"labels must be {shape[0]} numbers, 0 or 1")
        needed = size(self.shape.parts)
        if self.network.shape != (needed,) or (np.abs(self.network) > LARGEST).any():
            raise ValueError(
                f"network must have {needed} parameters for these sizes, each within {LARGEST:g} of 0; "
                f"got shape {self.network.shape}"
            )
        if self.texts > TEXTS:
            raise ValueError(
                f"{len(self.words)} words to the power {self.length} before {len(self.rows)} descriptions are "
                f"{self.texts:.3g} texts to go through, over {TEXTS:.3g}: take fewer words, or shorter prompts"
            )
        return self

    @property
    def shape(self) -> Shape:
        values = sum(map(len, self.attributes.values()))
        counts = (len(self.words), self.length, values, len(self.attributes))
        return Shape(*counts, self.width, self.layers, self.heads)

    @property
    def rows(self) -> np.ndarray:
        """(2 c, m) the distinct texts by number: c with the group's first word, then their twins in the same order."""
        return _crowd(self)[0]

    @property
    def shares(self) -> np.ndarray:
        """(2 c, 2) shares of the people by text and label."""
        return _crowd(self)[1]

    @property
    def texts(self) -> int:
        """How many texts there are: every prompt before every distinct person and twin."""
        return self.shape.prompts * len(self.rows)

    @property
    def seconds(self) -> float:
        """What going through every text takes, roughly."""
        return self.texts / TEXTS_A_SECOND

    @property
    def scope(self) -> str:
        return f"{len(self.people):,} people, {self.shape.prompts:,} prompts"

    def said(self, prompt: Sequence[int]) -> tuple[str, ...]:
        """A prompt's words."""
        return tuple(self.words[number] for number in prompt)

    def unfairest(self, network: np.ndarray, count: int = 1) -> list[tuple[tuple[str, ...], float, dict[str, float]]]:
        """The prompts after which a network is least fair, the worst first: words, unfairness, ``measures``."""
        found = everything(self, network)
        unfair = unfairness(np, twins(self), found)
        places = np.argsort(-unfair, kind="stable")[:count]
        told = zip(places, prompts(self.shape, places))
        return [(self.said(prompt), float(unfair[k]), measures(self, found[k])) for k, prompt in told]

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> Language:
        """``size`` people from a seeded table, and a network trained on them whose prompts carry a planted bias.

        Args:
            size: people.
            seed: of everything.
            options: fields by name; ``vocabulary`` how many words prompts have (default 8), ``bias`` how much the
                group sways labels (default .5), ``steps`` of training (default 300).

        Raises:
            UsageError: an option is unknown or out of range.
        """
        vocabulary, bias, steps = (options.pop(name, value) for name, value in OPTIONS.items())
        unknown = sorted(set(options) - set(cls.model_fields))
        if unknown:
            raise UsageError(f"unknown option {unknown[0]!r}; there are: {', '.join([*OPTIONS, *cls.model_fields])}")
        if not (isinstance(vocabulary, int) and 2 <= vocabulary <= len(told())):
            raise UsageError(f"vocabulary must be a whole number from 2 to {len(told())}, got {vocabulary!r}")
        if not (isinstance(steps, int) and 0 <= steps <= 100_000 and isinstance(bias, int | float) and 0 <= bias <= 10):
            raise UsageError("steps must be a whole number up to 100,000, bias a number from 0 to 10")
        fields = {**drawn(max(size, 1), seed, float(bias)), "words": told()[:vocabulary], **options}
        if "network" in fields:
            return cls(**fields)
        blank = cls(**fields, network=_blank(cls, fields))
        return cls(**{**fields, "network": pretrained(blank, steps, seed)})


OPTIONS: Mapping[str, Any] = {"vocabulary": 8, "bias": 0.5, "steps": 300}


def _blank(cls: type[Language], fields: Mapping[str, Any]) -> np.ndarray:
    """Zeros of a network's size, to check everything else before one is trained."""
    counts = {name: fields.get(name, cls.model_fields[name].default) for name in ("length", "width", "layers", "heads")}
    wrong = [name for name, count in counts.items() if not isinstance(count, int) or not 1 <= count <= 256]
    listed = fields["attributes"].values() if isinstance(fields["attributes"], Mapping) else [None]
    wrong += [] if all(isinstance(words, list | tuple) for words in listed) else ["attributes"]
    wrong += [] if isinstance(fields["words"], list | tuple) else ["words"]
    if wrong:
        raise UsageError(f"{wrong[0]} is out of range: see dualgap problems schema {cls.kind}")
    values = sum(map(len, fields["attributes"].values()))
    sizes = (counts["width"], counts["layers"], counts["heads"])
    return np.zeros(
        size(Shape(len(fields["words"]), counts["length"], values, len(fields["attributes"]), *sizes).parts)
    )


@lru_cache(maxsize=8)
def _crowd(problem: Language) -> tuple[np.ndarray, np.ndarray]:
    """The distinct texts with their twins, and the people's shares of them."""
    column = list(problem.attributes).index(problem.group)
    bare = problem.people.copy()
    bare[:, column] = 0
    found, where = np.unique(bare, axis=0, return_inverse=True)
    twins = found.copy()
    twins[:, column] = 1
    shares = np.zeros((2 * len(found), 2))
    member = where.ravel() + len(found) * problem.people[:, column]
    np.add.at(shares, (member, problem.labels.astype(np.int64)), 1 / len(problem.people))
    starts = np.cumsum([0, *(len(values) for values in problem.attributes.values())])[:-1]
    return np.concatenate([found, twins]) + starts, shares


def prompts(shape: Shape, numbers: np.ndarray) -> np.ndarray:
    """(P, L) prompts as words' numbers, from their place (P,) in the list of all."""
    return np.stack(np.unravel_index(numbers, (shape.words,) * shape.length), axis=1)


def odds(problem: Language, network: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """(P, 2 c) the log odds of "yes" after (P, L) prompts, in float64."""
    shape, rows = problem.shape, problem.rows
    parts = unpacked(network, shape.parts)
    step = max(1, CHUNK // len(rows))
    found = [logits(np, shape, parts, parts["words"][asked[k : k + step]], rows) for k in range(0, len(asked), step)]
    return np.concatenate(found)


@lru_cache(maxsize=4)
def _everything(problem: Language, network: bytes) -> np.ndarray:
    found = odds(problem, np.frombuffer(network), prompts(problem.shape, np.arange(problem.shape.prompts)))
    found.setflags(write=False)
    return found


def everything(problem: Language, network: np.ndarray) -> np.ndarray:
    """(V^L, 2 c) the log odds of "yes" after every prompt: all that there is to know of a network."""
    return _everything(problem, np.ascontiguousarray(network, dtype=np.float64).tobytes())
