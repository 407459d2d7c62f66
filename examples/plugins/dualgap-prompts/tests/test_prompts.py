"""Every approximate adversary against enumeration, training against the worst prompt of all, and what is recomputed."""

import itertools
import json
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dualgap_prompts import adversaries
from dualgap_prompts.adversaries import Found
from dualgap_prompts.attack import Prompt, PromptAttack
from dualgap_prompts.command import app
from dualgap_prompts.dual import best_price, bounded
from dualgap_prompts.language import everything, odds, prompts
from dualgap_prompts.measures import twins, unfairness
from dualgap_prompts.minmax import ROW, PromptMinmax
from dualgap_prompts.network import unpacked
from dualgap_prompts.search import Coordinate, Enumeration, Gumbel, GumbelSoft, Random
from dualgap_prompts.tuning import Lora, LoraDual
from scipy.optimize import minimize
from typer.testing import CliRunner

import dualgap
from dualgap import Claim, Exhaustion, InvalidWitnessError, Multipliers, Solver, SpecError

SMALL = {"size": 1000, "vocabulary": 6, "width": 8, "layers": 1, "steps": 150}
DEEP = {**SMALL, "layers": 2, "steps": 0}


@cache
def attack(seed: int) -> PromptAttack:
    return PromptAttack.generate(seed=seed, **SMALL)


@cache
def deep() -> PromptAttack:
    """Two layers, untrained."""
    return PromptAttack.generate(seed=1, **DEEP)


@cache
def minmax() -> PromptMinmax:
    """Labels that the group sways much, so that training alone is unfair."""
    return PromptMinmax.generate(seed=0, bias=0.8, **SMALL)


def measured(problem: dualgap.Problem, solver: Solver, seed: int = 0) -> Mapping[str, Any]:
    run = dualgap.solve(problem, solver, seed=seed, isolate=False)
    return {**run.certificate.metrics["all"], "verdict": run.certificate.verdict, "gap": run.certificate.relative_gap}


def by_the_book(problem: PromptAttack, words: Any, row: np.ndarray) -> float:
    """The log odds after one prompt and person: the whole sequence, masked, head by head."""
    part, shape = unpacked(problem.network, problem.shape.parts), problem.shape
    x = np.vstack([part["words"][list(words)], part["values"][[*row, shape.values]]]) + part["places"]
    length, e = len(x), shape.width // shape.heads

    def scaled(array: np.ndarray, gain: np.ndarray) -> np.ndarray:
        return array / np.sqrt((array**2).mean(axis=1, keepdims=True) + 1e-6) * gain

    for k in range(shape.layers):
        y = scaled(x, part[f"before attention {k}"])
        q, key, v = (y @ part[f"{name} {k}"] for name in ("query", "key", "value"))
        mixed = np.zeros_like(x)
        for head in range(shape.heads):
            at = slice(head * e, (head + 1) * e)
            for place in range(length):
                power = np.exp(q[place, at] @ key[: place + 1, at].T / np.sqrt(e))
                mixed[place, at] = power / power.sum() @ v[: place + 1, at]
        x = x + mixed @ part[f"output {k}"]
        hidden = scaled(x, part[f"before hidden {k}"]) @ part[f"hidden {k}"]
        x = x + hidden / (1 + np.exp(-hidden)) @ part[f"back {k}"]
    return float(scaled(x, part["before answer"])[-1] @ part["answer"])


def test_every_answer_is_that_of_the_transformer_by_the_book() -> None:
    problem = deep()
    found = everything(problem, problem.network)
    listed = list(itertools.product(range(6), repeat=3))
    assert len(found) == len(listed) == problem.shape.prompts
    rng = np.random.default_rng(0)
    for k, n in rng.integers(0, (len(listed), len(problem.rows)), (20, 2)):
        assert found[k, n] == pytest.approx(by_the_book(problem, listed[k], problem.rows[n]), abs=1e-10)


def test_jax_in_float32_agrees_with_numpy_in_float64() -> None:
    problem = deep()
    network = {name: part.astype(np.float32) for name, part in unpacked(problem.network, problem.shape.parts).items()}
    asked = prompts(problem.shape, np.arange(problem.shape.prompts))
    exact = unfairness(np, twins(problem), odds(problem, problem.network, asked))
    np.testing.assert_allclose(adversaries.scores(problem, network, asked), exact, atol=1e-5)


def test_measures_count_people_one_by_one() -> None:
    problem = deep()
    prompt = problem.said([0, 3, 5])
    found = problem.evaluate(Prompt(words=prompt)).metrics["all"]
    starts = np.cumsum([0, *(len(values) for values in problem.attributes.values())])[:-1]
    sure, other = (
        np.array([by_the_book(problem, [0, 3, 5], person + starts) for person in people])
        for people in (problem.people, np.column_stack([1 - problem.people[:, 0], problem.people[:, 1:]]))
    )
    man, right, yes = problem.people[:, 0] == 1, problem.labels == 1, sure > 0

    def apart(among: np.ndarray) -> float:
        return abs(yes[among & man].mean() - yes[among & ~man].mean())

    difference = 1 / (1 + np.exp(-sure)) - 1 / (1 + np.exp(-other))
    assert found["unfairness"] == pytest.approx(np.mean(difference**2))
    assert found["accuracy"] == pytest.approx(np.mean(yes == right))
    assert found["demographic parity"] == pytest.approx(apart(np.ones_like(man)))
    assert found["equalised odds"] == pytest.approx(max(apart(right), apart(~right)))
    assert found["counterfactual flips"] == pytest.approx(np.mean(yes != (other > 0)))


def test_enumeration_finds_the_worst_and_proves_it() -> None:
    problem = attack(0)
    run = dualgap.solve(problem, Enumeration(), isolate=False)
    unfair = unfairness(np, twins(problem), everything(problem, problem.network))
    assert run.certificate.verdict == "optimal"
    assert run.certificate.value == pytest.approx(unfair.max(), rel=1e-12)
    assert run.answer.words == problem.said(prompts(problem.shape, np.array([unfair.argmax()]))[0])


@pytest.mark.parametrize(
    ("solver", "mean"),
    [
        (Gumbel(starts=4, steps=60), 0.98),
        (GumbelSoft(starts=4, steps=60), 0.98),
        (Coordinate(starts=4), 0.98),
        (Random(draws=100), 0.9),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_an_adversary_comes_near_the_worst_of_all(solver: Solver, mean: float) -> None:
    ratios = [measured(attack(seed), solver, draw)["ratio to exact"] for seed in (0, 1) for draw in (0, 1, 2)]
    assert max(ratios) <= 1 + 1e-9
    assert np.mean(ratios) >= mean


def test_a_broken_adversary_does_not() -> None:
    """What the thresholds above are worth: any prompt, without a search, is far below them."""
    ratios = [measured(attack(seed), Random(draws=1), draw)["ratio to exact"] for seed in (0, 1) for draw in range(5)]
    assert np.mean(ratios) < 0.8


def test_a_claim_to_have_seen_all_is_looked_at() -> None:
    class Liar(Solver):
        name, accepts = "liar", (PromptAttack,)

        def solve(self, form: PromptAttack, ctx: Any) -> Claim:
            return Claim(point=form.trivial(), feasible=True, value=1.0, witness=Exhaustion())

    run = dualgap.solve(attack(1), Liar(), isolate=False)
    assert run.certificate.verdict == "feasible"
    assert run.certificate.bound == pytest.approx(attack(1).worst(), abs=1e-8)
    assert run.certificate.value < run.certificate.bound
    with pytest.raises(InvalidWitnessError, match="exhaustion"):
        attack(0).bound(Multipliers(rows=np.array([1.0])))
    with pytest.raises(InvalidWitnessError, match="verify --bound"):
        attack(0).bound(Exhaustion(), seconds=0.0)


def test_hits_are_counted_over_seeds() -> None:
    problem = attack(0)
    best = dualgap.solve(problem, Enumeration(), isolate=False).answer
    assert problem.together([best, problem.trivial(), best, best])["hit rate"]["value"] == 0.75


@pytest.mark.parametrize("level", [0.001, 0.05])
def test_no_table_of_answers_beats_the_dual_bound_and_one_meets_it(level: float) -> None:
    shares = np.random.default_rng(3).dirichlet(np.ones(12)).reshape(6, 2)
    shares[1] = 0  # nobody has this description
    weights = shares.sum(axis=1).reshape(2, 3).sum(axis=0)

    def loss(z: np.ndarray) -> float:
        return float(np.logaddexp(0, z) @ shares.sum(axis=1) - z @ shares[:, 1])

    room = {"type": "ineq", "fun": lambda z: 1e3 * (level - unfairness(np, weights, z[None])[0])}
    best = minimize(loss, np.zeros(6), constraints=room, options={"ftol": 1e-12, "maxiter": 500}).fun
    bounds = [bounded(shares, price, level)[0] for price in (0.0, 0.1, 1.0, 10.0, best_price(shares, level))]
    assert max(bounds) <= best + 1e-7
    assert bounds[-1] == max(bounds) == pytest.approx(best, abs=1e-5)


def test_training_against_the_adversary_cuts_the_worst_case_and_training_alone_does_not() -> None:
    """The worst of all prompts, by enumeration: at least 20 times less unfair, for at most 3 points of accuracy."""
    plain = measured(minmax(), Lora(adversary="none", iterations=300))
    fair = measured(minmax(), Lora(iterations=300))
    priced = measured(minmax(), LoraDual(iterations=300, average=True))
    assert plain["verdict"] == "nothing"
    assert plain[ROW] > 10 * minmax().level
    for found in (fair, priced):
        assert found["verdict"] == "feasible"
        assert plain[ROW] >= 20 * found[ROW]
        assert plain["accuracy"] - found["accuracy"] <= 0.03
    assert priced["gap"] <= 0.15


def test_an_adversary_that_finds_nothing_leaves_the_model_unfair(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(problem: PromptMinmax, network: Any, *rest: Any) -> Found:
        unfair = adversaries.scores(problem, network, prompts(problem.shape, np.arange(problem.shape.prompts)))
        return Found(prompts(problem.shape, np.argsort(unfair)[:4]), 0)

    monkeypatch.setattr("dualgap_prompts.tuning.ADVERSARIES", {**adversaries.ADVERSARIES, "gumbel": blind})
    found = measured(minmax(), LoraDual(iterations=300))
    assert found["verdict"] == "nothing"
    assert found[ROW] > minmax().level


def test_what_training_left_can_be_attacked(tmp_path: Path) -> None:
    problem = minmax()
    run = dualgap.solve(problem, Lora(iterations=20), isolate=False)
    (tmp_path / "fair.npz").write_bytes(problem.exports()["network"](run.answer))
    with np.load(tmp_path / "fair.npz") as saved:
        given = {name: getattr(problem, name) for name in PromptAttack.model_fields}
        tuned = PromptAttack(**{**given, "network": saved["network"]})
    worst = run.certificate.metrics["all"][ROW]
    assert measured(tuned, Enumeration())["unfairness"] == pytest.approx(worst, rel=1e-9)


def test_diverging_says_so() -> None:
    assert dualgap.solve(minmax(), Lora(rate=1e6, iterations=20), isolate=False).stop == "diverged"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"words": ["a", "a"]}, "words"),
        ({"group": "age"}, "group 'age'"),
        ({"heads": 3}, "multiple of heads"),
        ({"people": [[0, 9, 0, 0]], "labels": [0]}, "people's numbers"),
        ({"labels": [2]}, "labels must be"),
        ({"network": [0.0]}, "network must have"),
        ({"attributes": {}}, "two words or more"),
    ],
)
def test_bad_specs_say_what_is_wrong(change: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        PromptAttack(**{**attack(0).content(), **change})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"vocabulary": 99}, "from 2 to 16"),
        ({"weather": 1}, "weather"),
        ({"steps": -1}, "steps"),
        ({"width": 0}, "width"),
        ({"words": 5}, "words"),
        ({"attributes": {"sex": 3}}, "attributes"),
    ],
)
def test_bad_generators_say_what_is_wrong(options: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=f"generate: .*{said}"):
        dualgap.load({"kind": "prompt-attack", "generate": {"size": 20, "seed": 0, **options}})


def test_parameters_out_of_range_are_refused() -> None:
    for wrong in ({"adversary": "x"}, {"iterations": 0}, {"weight": -1.0}):
        with pytest.raises(ValueError, match=r"adversary|above 0|weight"):
            Lora(**wrong)
    with pytest.raises(ValueError, match="adversary is one of"):
        LoraDual(adversary="none")
    with pytest.raises(ValueError, match="starts must be above 0"):
        Gumbel(starts=0)


def test_the_command_shows_the_worst_prompts_in_words(tmp_path: Path) -> None:
    spec = tmp_path / "attack.json"
    given = {**attack(0).content(), "kind": "prompt-attack"}
    spec.write_text(json.dumps(given, default=lambda array: array.tolist()))
    shown = CliRunner().invoke(app, ["show", str(spec), "-n", "3"]).output.splitlines()
    best = dualgap.solve(attack(0), Enumeration(), isolate=False)
    assert len(shown) == 4
    assert shown[1].startswith(" ".join(best.answer.words))
    assert f"{best.certificate.value:.3g}" in shown[1]
    listed = json.loads(CliRunner().invoke(app, ["show", str(spec), "-n", "1", "--json"]).output)
    assert listed[0]["words"] == list(best.answer.words)


def test_loading_imports_no_jax() -> None:
    modules = ", ".join(f"dualgap_prompts.{name}" for name in ("command", "minmax", "search", "tuning"))
    code = f"import sys, {modules}; assert not {{'jax', 'optax'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
