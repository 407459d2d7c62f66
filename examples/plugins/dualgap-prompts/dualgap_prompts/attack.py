"""The problem kind ``prompt-attack``: the prompt after which a model treats people and their twins most differently.

Source: Fair prompts for language models, the inner problem: the adversary picks the prompt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from dualgap import Answer, Bound, Evaluation, Evidence, Exhaustion, InvalidWitnessError, Sense, Violation, Witness
from dualgap_prompts.language import Language, everything, odds
from dualgap_prompts.measures import measures, twins, unfairness

ROUNDING = 1e-9  # of an unfairness in float64: the sums are of terms below 1
_SHOWN_SECONDS = 20.0  # beyond it, what an answer is worth isn't compared with all prompts unasked
_HIT = 1e-6


class Prompt(Answer):
    """A prompt, word by word."""

    words: tuple[str, ...]


class PromptAttack(Language):
    """The prompt that makes a model's answers to people and to their twins differ most: unfairness is maximised."""

    kind: ClassVar[str] = "prompt-attack"
    summary: ClassVar[str] = "the prompt after which a language model is least fair"
    answer_type: ClassVar[type[Answer]] = Prompt

    @property
    def sense(self) -> Sense:
        return Sense.MAXIMIZE

    @property
    def quantity(self) -> str:
        return "unfairness"

    @property
    def candidates(self) -> str:
        return "any prompt"

    def evaluate(self, answer: Prompt) -> Evaluation:
        """The prompt's unfairness in float64; beside it that of all prompts, where these are few enough."""
        broken = {f"word {word!r}": Violation(1) for word in answer.words if word not in self.words}
        if len(answer.words) != self.length:
            broken["length"] = Violation(abs(len(answer.words) - self.length))
        if broken:
            return Evaluation(0.0, broken)
        asked = np.array([[self.words.index(word) for word in answer.words]])
        found = odds(self, self.network, asked)
        value = float(unfairness(np, twins(self), found)[0])
        shown = {"unfairness": value, **measures(self, found[0])}
        if self.seconds <= _SHOWN_SECONDS:
            worst = self.worst()
            shown["worst-case unfairness"] = worst
            shown["ratio to exact"] = value / worst if worst > 0 else 1.0
        return Evaluation(value, {}, {"all": shown}, scale=1.0)

    def worst(self) -> float:
        """The largest unfairness of all prompts, by enumeration."""
        return float(unfairness(np, twins(self), everything(self, self.network)).max())

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        """Every prompt once more, in float64."""
        if not isinstance(witness, Exhaustion):
            raise InvalidWitnessError("prompt-attack takes an exhaustion witness: all prompts are gone through again")
        if self.seconds > seconds:
            raise InvalidWitnessError(
                f"{self.texts:,} texts take about {self.seconds:.0f} s: verify --bound {self.seconds:.0f}s"
            )
        argument = f"all {self.shape.prompts:,} prompts"
        return Bound(self.worst() + ROUNDING, Evidence.NUMERICAL, argument, ROUNDING)

    def trivial(self) -> Prompt:
        return Prompt(words=self.words[:1] * self.length)

    def render(self, answer: Prompt) -> list[tuple[str, ...]]:
        return [("field", "value"), ("prompt", " ".join(answer.words))]

    def measures(self, metrics: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
        return metrics.get("all", {})

    def render_metrics(self, metrics: Mapping[str, Mapping[str, Any]]) -> list[list[tuple[str, ...]]]:
        return tables(metrics)

    def together(self, answers: Sequence[Prompt]) -> Mapping[str, Mapping[str, Any]]:
        """How often, of several seeds, the worst prompt of all was found."""
        if self.seconds > _SHOWN_SECONDS or not answers:
            return {}
        hits = [float(self.evaluate(answer).objective) >= self.worst() * (1 - _HIT) for answer in answers]
        return {"hit rate": {"value": sum(hits) / len(hits)}}


def tables(metrics: Mapping[str, Mapping[str, Any]]) -> list[list[tuple[str, ...]]]:
    """The measures as one table for people."""
    rows = [(name, f"{float(value):.4g}") for name, value in metrics.get("all", {}).items()]
    return [[("measure", "value"), *rows]] if rows else []
