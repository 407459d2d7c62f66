"""The contract of problems: a frozen, validated, closed spec that can evaluate answers and prove bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from pydantic import BaseModel, ValidationError

from dualgap.core.audit import Audit
from dualgap.core.certificate import Bound, Evaluation, Evidence, Sense
from dualgap.core.errors import Fault, InvalidWitnessError, SpecError, UsageError
from dualgap.core.exact import Real
from dualgap.core.explain.blocks import SHOWN, Block
from dualgap.core.figures import Figure, Plane
from dualgap.core.record import Record
from dualgap.core.views import View
from dualgap.core.witness import Witness

if TYPE_CHECKING:
    from dualgap.core.batch import Batch
    from dualgap.core.resolve import Resolver


class Answer(Record):
    """Base of typed answers, in the problem's native terms."""


class Problem(Record):
    """Base of problem kinds: the fields are the closed spec.

    Class variables: ``kind`` names it in specs; ``summary`` is one line; ``answer_type`` its ``Answer``;
    ``column_fields`` the fields where a string in a raw spec names a column of ``data``; ``raw_fields`` what raw specs
    may say besides, with its meaning; ``raw_schemas`` the JSON schemas of those that aren't texts; ``raw_wholes`` those
    that stand for the required fields; ``reads_columns`` whether ``read_answer`` takes a table's columns by name, the
    cells as they are written.
    """

    kind: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    api: ClassVar[int] = 1
    answer_type: ClassVar[type[Answer]] = Answer
    column_fields: ClassVar[tuple[str, ...]] = ()
    raw_fields: ClassVar[Mapping[str, str]] = {}
    raw_schemas: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    raw_wholes: ClassVar[tuple[str, ...]] = ()
    reads_columns: ClassVar[bool] = False

    def __init__(self, /, **fields: Any) -> None:
        """The closed fields by name, in Python.

        Raises:
            SpecError: lists every fault with its path and remedy.
        """
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise SpecError(faults(error, type(self)), type(self).__name__) from None

    # What the problem is.
    @property
    def sense(self) -> Sense:
        return Sense.MINIMIZE

    @property
    def quantity(self) -> str:
        """What the objective measures ("total value")."""
        return "objective"

    @property
    def unit(self) -> str:
        return ""

    @property
    def scope(self) -> str:
        """What the certificate is about ("training split, n = 32,561")."""
        return "this instance"

    @property
    def candidates(self) -> str:
        """What a bound is about: all that answers are chosen from ("any linear classifier"); empty where the kind says
        it.
        """
        return ""

    def views(self) -> tuple[View, ...]:
        """The ways to state the problem as a form; listing them builds nothing."""
        return ()

    # What the verifier asks.
    def evaluate(self, answer: Any) -> Evaluation:
        """The answer's objective and violations, recomputed from the spec."""
        raise NotImplementedError(f"{type(self).__name__} must define evaluate(answer)")

    def bound(self, witness: Witness, seconds: float = 10.0) -> Bound:
        """A bound recomputed from the witness and the spec; replays that won't fit in ``seconds`` are refused.

        Raises:
            InvalidWitnessError: the witness proves nothing here; the message says why.
        """
        raise InvalidWitnessError(f"{self.kind} takes no {witness.type} witness")

    def implied(self, answer: Any) -> Witness | None:
        """What an answer proves of itself, such as an equilibrium by the opponent's strategy; None for most kinds."""
        return None

    def mixture(self, first: Any, second: Any, share: float) -> Any | None:
        """The answer that is ``second`` with probability ``share``, else ``first``; None where none is allowed."""
        return None

    def unbounded(self, witness: Witness) -> Evidence:
        """Whether the witness shows that the objective has no bound."""
        return Evidence.NONE

    @classmethod
    def batch(cls, arrays: Mapping[str, Any], source: str) -> Batch:
        """Many instances of one shape from arrays by the names of fields.

        Raises:
            UsageError: the kind has no batches. SpecError: the arrays are at fault.
        """
        raise UsageError(f"{cls.kind} has no batches; solve its instances one by one, or with dualgap sweep")

    def trivial(self) -> Any:
        """A feasible answer that costs nothing to find, or None."""
        return None

    def tighten(self, bound: float) -> float:
        """A solver's own finite bound, moved to the objective's lattice where float noise allows; else as it is."""
        return bound

    def sensitivity(self, answer: Any, witness: Witness | None, optimal: bool) -> Mapping[str, Mapping[str, Real]]:
        """Further metrics of a feasible answer, such as prices of rows from a witness; ``optimal`` if it is proved."""
        return {}

    def audit(self, answer: Any) -> tuple[Audit, ...]:
        """Executed checks of the answer, for those who ask (``verify --execute``); none by default."""
        return ()

    def explain_infeasible(self) -> str:
        """What stands in the way and what would be feasible, for people; empty where there is nothing to say."""
        return ""

    def explain(
        self, answer: Any = None, witness: Witness | None = None, *, via: str | None = None, shown: int = SHOWN
    ) -> tuple[Block, ...]:
        """The problem and its dual; what an answer is worth; why, given a witness, none is better: for people to redo.

        Args:
            answer: of a run.
            witness: of a run; everything that is said of it is recomputed here.
            via: the view to state the problem in.
            shown: how many rows, columns and terms are shown of each kind.

        Raises:
            UsageError: ``via`` names no view.
        """
        from dualgap.core.explain.default import explain

        return explain(self, answer, witness, via=via, shown=shown)

    # How people read and write it.
    def read_answer(self, data: Any) -> Any:
        """An answer from plain data, as written by ``write_answer`` or by hand.

        Raises:
            SpecError: with the path of each fault.
        """
        return parsed(self.answer_type, data, "answer")

    def write_answer(self, answer: Any) -> dict[str, Any]:
        """The answer as plain data, in the spec's names."""
        data: dict[str, Any] = answer.content()
        return data

    def exports(self) -> Mapping[str, Callable[[Any], bytes]]:
        """Formats of its own that ``dualgap export`` writes an answer in, by name: functions of an answer."""
        return {}

    def written(self) -> dict[str, Any]:
        """The spec's fields as people write them: what the kind's raw specs may say, closing to this problem."""
        return self.content()

    def render(self, answer: Any) -> list[tuple[str, ...]]:
        """The answer as rows of a table for people, the header first."""
        return [("field", "value"), *((name, str(value)) for name, value in self.write_answer(answer).items())]

    def figures(self, answer: Any) -> tuple[Figure, ...]:
        """What the report draws of an answer, beside its table: strategies as bars, perturbed inputs as pictures."""
        return ()

    def plane(self, metrics: Mapping[str, Mapping[str, Real]]) -> Plane | None:
        """Two metrics that reports of comparisons draw against each other; none by default."""
        return None

    def headline(self, metrics: Mapping[str, Mapping[str, Real]]) -> str:
        """What a feasible answer's statement begins with, where people look for more than the objective."""
        return ""

    def render_metrics(self, metrics: Mapping[str, Mapping[str, Real]]) -> list[list[tuple[str, ...]]]:
        """The certificate's metrics as tables for people, each a list of rows with the header first."""
        return []

    def classes(self, answer: Any) -> Mapping[str, str]:
        """What an answer must share with another for one to be called better; empty where all answers are alike."""
        return {}

    def measures(self, metrics: Mapping[str, Mapping[str, Real]]) -> Mapping[str, Real]:
        """The metrics by which answers are compared beside the objective, by name; empty where there are none."""
        return {}

    def together(self, answers: Sequence[Any]) -> Mapping[str, Mapping[str, Real]]:
        """What answers of one solver from several seeds show together: by name a "value", perhaps with the ends of its
        interval, "2.5 %" and "97.5 %"; empty where that is nothing.
        """
        return {}

    @classmethod
    def generate(cls, size: int, seed: int, **options: Any) -> Problem:
        """A random instance."""
        raise NotImplementedError(f"{cls.kind} has no generator")

    @classmethod
    def resolve(cls, spec: Mapping[str, Any], resolver: Resolver) -> dict[str, Any]:
        """Closes a raw spec: files read, columns taken, splits made. The result has the model's fields only."""
        return resolver.columns(spec, cls.column_fields)


def parsed(model: type[Any], data: Any, source: str) -> Any:
    """``model.model_validate`` with every fault listed by its JSON path.

    Raises:
        SpecError: lists the faults.
    """
    try:
        return model.model_validate(data)
    except SpecError as error:
        raise SpecError(error.faults, source) from None
    except ValidationError as error:
        raise SpecError(faults(error, model), source) from None


def faults(error: ValidationError, model: type[Any]) -> list[Fault]:
    """Pydantic's errors as faults with a path and a remedy each."""
    further = [*model.raw_fields, "data", "generate"] if issubclass(model, Problem) else []
    known = [*model.model_fields, *further]
    found = []
    for item in error.errors(include_url=False):
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"]).lstrip(".")
        context = item.get("ctx", {})
        remedy = str(context.get("remedy", ""))
        message = item["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        if item["type"] == "extra_forbidden":
            there = _fields(model, item["loc"][:-1]) if len(item["loc"]) > 1 else known
            near = get_close_matches(str(item["loc"][-1]), there, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            message, remedy = "unknown field", f"{hint}known fields: {', '.join(there)}" if there else "leave it out"
        elif item["type"] == "missing":
            message, remedy = "missing", "add it"
        found.append(Fault(path or "(top)", message, remedy))
    return found


def _fields(model: Any, place: Sequence[str | int]) -> list[str]:
    """The fields of the record at a place in a model; none where several may stand there."""
    for name in place:
        if isinstance(name, int):
            continue
        found = model.model_fields.get(name)
        records = _records(found.annotation) if found is not None else []
        if len(records) != 1:
            return []
        model = records[0]
    return list(model.model_fields)


def _records(annotation: Any) -> list[Any]:
    """The record types in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [record for part in get_args(annotation) for record in _records(part)]
