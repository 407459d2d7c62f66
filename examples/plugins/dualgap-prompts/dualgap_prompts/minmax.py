"""The problem kind ``prompt-minmax``: a low-rank change of a language model that is fair after every prompt.

Source: Fair prompts for language models: LoRA on query and value against an adversary that picks the prompt; here with
the worst prompt of all, by enumeration, and unfairness as a constraint.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from pydantic import Field, field_validator

from dualgap import (
    Answer,
    Bound,
    Evaluation,
    Evidence,
    InvalidWitnessError,
    Multipliers,
    Vector,
    Violation,
    Witness,
)
from dualgap_prompts.attack import tables
from dualgap_prompts.dual import LARGEST as DEAREST
from dualgap_prompts.dual import bounded
from dualgap_prompts.language import LARGEST, Language, everything
from dualgap_prompts.measures import measures, twins, unfairness
from dualgap_prompts.network import merged, packed, size, unpacked

ROW = "worst-case unfairness"


class Adapter(Answer):
    """A low-rank change of query and value.

    Attributes:
        parameters: laid out as ``Shape.changes`` says.
    """

    parameters: Vector

    @field_validator("parameters")
    @classmethod
    def _moderate(cls, parameters: np.ndarray) -> np.ndarray:
        if (np.abs(parameters) > LARGEST).any():
            raise ValueError(f"parameters must be within {LARGEST:g} of 0")
        return parameters


class PromptMinmax(Language):
    """The change of a model that answers best, of those that treat people like their twins after whatever prompt.

    Attributes:
        rank: of the change of each query and value matrix.
        level: the largest unfairness that is allowed after any prompt.
    """

    kind: ClassVar[str] = "prompt-minmax"
    summary: ClassVar[str] = "a language model's low-rank change that is fair after every prompt"
    answer_type: ClassVar[type[Answer]] = Adapter

    rank: int = Field(default=4, ge=1, le=256)
    level: float = Field(default=0.002, gt=0.0, lt=1.0)

    @property
    def quantity(self) -> str:
        return "mean log loss"

    @property
    def unit(self) -> str:
        return "nats"

    @property
    def candidates(self) -> str:
        return "any model of these attributes"

    def adapted(self, answer: Adapter) -> np.ndarray:
        """The network with the answer's change."""
        change = unpacked(answer.parameters, self.shape.changes(self.rank))
        return packed(merged(unpacked(self.network, self.shape.parts), change), self.shape.parts)

    def evaluate(self, answer: Adapter) -> Evaluation:
        """Mean log loss over all prompts and people; unfairness and its kin after the worst prompt of all."""
        needed = size(self.shape.changes(self.rank))
        if answer.parameters.shape != (needed,):
            return Evaluation(0.0, {f"size, {needed} parameters": Violation(abs(answer.parameters.size - needed) or 1)})
        found = everything(self, self.adapted(answer))
        unfair = unfairness(np, twins(self), found)
        at = int(unfair.argmax())
        right = np.mean((found > 0) @ self.shares[:, 1] + (found <= 0) @ self.shares[:, 0])
        loss = np.logaddexp(0, found) @ self.shares.sum(axis=1) - found @ self.shares[:, 1]
        shown = {ROW: float(unfair[at]), **measures(self, found[at]), "accuracy over all prompts": float(right)}
        excess = float(unfair[at]) - self.level
        broken = {ROW: Violation(excess, float(unfair[at]))} if excess > 0 else {}
        return Evaluation(float(loss.mean()), broken, {"all": shown}, scale=float(loss.max()))

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        """No model of these attributes has less loss at the witness's price of unfairness."""
        if not isinstance(witness, Multipliers) or witness.rows.shape != (1,):
            raise InvalidWitnessError("prompt-minmax takes one multiplier, the price of unfairness")
        price = float(witness.rows[0])
        if not 0 <= price <= DEAREST:
            raise InvalidWitnessError(f"the price must be between 0 and {DEAREST:g}, got {price:g}")
        value, margin = bounded(self.shares, price, float(self.level))
        return Bound(value, Evidence.NUMERICAL, f"price {price:.4g} of {ROW}", margin)

    def measures(self, metrics: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
        return metrics.get("all", {})

    def headline(self, metrics: Mapping[str, Mapping[str, Any]]) -> str:
        found = metrics["all"]
        return f"Worst-case unfairness {float(found[ROW]):.2g}, accuracy there {100 * float(found['accuracy']):.1f} %."

    def render_metrics(self, metrics: Mapping[str, Mapping[str, Any]]) -> list[list[tuple[str, ...]]]:
        return tables(metrics)

    def render(self, answer: Adapter) -> list[tuple[str, ...]]:
        prompt, unfair, _ = self.unfairest(self.adapted(answer))[0]
        rows = [("change", f"rank {self.rank}, {answer.parameters.size} parameters")]
        return [("field", "value"), *rows, ("worst prompt", f"{' '.join(prompt)} ({unfair:.2g})")]

    def exports(self) -> Mapping[str, Callable[[Adapter], bytes]]:
        """``network``: the changed network, for a ``prompt-attack`` spec's ``network = {file = "fair.npz"}``."""
        return {"network": self._saved}

    def _saved(self, answer: Adapter) -> bytes:
        file = io.BytesIO()
        np.savez(file, network=self.adapted(answer))
        return file.getvalue()
