"""Knapsacks explained: what a unit of capacity is worth, what still pays, what was fixed and what was replayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from dualgap.core.certificate import Bound, Sense
from dualgap.core.explain.argument import Wording, bounded
from dualgap.core.explain.blocks import Block, Heading, Line, Lines, Paragraph, Words, more, number
from dualgap.core.explain.default import bound_of, by_prices, in_words, judged, stated, title
from dualgap.core.explain.prices import priced, simplest_prices
from dualgap.core.explain.program import Program
from dualgap.core.witness import Multipliers, Witness
from dualgap.problems.branching import Branching
from dualgap.problems.knapsack.instance import Instance
from dualgap.problems.knapsack.packing import Packing, packing
from dualgap.problems.knapsack.prices import Charge, Price, charges, fewest, most
from dualgap.problems.knapsack.proofs import Replay, covering, replayed_price
from dualgap.problems.knapsack.residual import Residual, residual
from dualgap.problems.knapsack.views import integer_program

if TYPE_CHECKING:
    from dualgap.problems.knapsack.spec import Knapsack

WORDING = Wording(
    column="item",
    price="A unit of {row} is worth {price}.",
    each="What each item is worth beyond the room that it takes:",
    pays="Items that still pay: {count}.",
    idle="Items that don't, or just pay: {count}.",
    total="What the capacity is worth, and what the items that pay add:",
    conclusion="nobody {limit}",
)
_BY_HAND = 5  # open items whose combinations a reader may go through


def explain(problem: Knapsack, answer: Any, witness: Witness | None, via: str | None, shown: int) -> tuple[Block, ...]:
    """Model, dual, answer and argument."""
    return (*stated(problem, via, shown), *judged(problem, answer, shown), *_proved(problem, witness, shown))


def _proved(problem: Knapsack, witness: Witness | None, shown: int) -> tuple[Block, ...]:
    bound = bound_of(problem, witness)
    if bound is None:
        return ()
    lines: tuple[Block, ...] = ()
    if isinstance(witness, Multipliers):
        covered = covering(problem, witness)
        near = [float(price) for price in covered]
        lines = by_prices(_program(problem), near, bound, shown, WORDING, exactly=covered)
    elif isinstance(witness, Replay):
        lines = _Replayed(problem, witness, bound, shown).blocks()
    elif isinstance(witness, Branching):
        lines = (Paragraph(_tree(problem, witness, bound)),)
    return (Heading(title(problem, bound)), *(lines or (Paragraph(in_words(problem, bound)),)))


def _tree(problem: Knapsack, tree: Branching, bound: Bound) -> str:
    """What a tree does, for it is too long to be printed."""
    parts, first, most_of = int(np.count_nonzero(tree.columns < 0)), int(tree.columns[0]), int(tree.thresholds[0])
    if first < 0:
        split = "Prices at its root suffice"
    else:
        items = "item" if most_of == 1 else "items"
        what = items if first == problem.size else f"of {problem.item_names[first]}"
        split = f"First come those with at most {most_of:,} {what}, then those with more, and so on"
    return (
        f"A tree of {len(tree.columns):,} nodes splits all packings in two, again and again. {split}. Each of its "
        f"{parts:,} last parts is closed by prices: at them nothing in it exceeds {number(bound.value)}. The verifier "
        "replayed the whole tree in exact arithmetic."
    )


def _program(problem: Knapsack) -> Program:
    return Program(integer_program(problem), Sense.MAXIMIZE)


@dataclass(frozen=True)
class _Replayed:
    """Prices that fix most items, and a replay over the rest."""

    problem: Knapsack
    witness: Replay
    bound: Bound
    shown: int

    def blocks(self) -> tuple[Block, ...]:
        packed = packing(self.problem)
        price = replayed_price(self.problem, packed, self.witness)
        left = residual(packed, price, self.witness.incumbent)
        if not price.count and not price.rounded:
            price, left = self._simpler(packed, price, left)
        inequalities = charges(packed, price, self.witness.incumbent)
        step = self.problem.step or Fraction(1)
        prices = [price.capacity * packed.unit, *(charge.price * step for charge in inequalities)]
        program = _extended(self.problem, packed, inequalities, self._weight(packed, packed.capacity))
        found = priced(program, prices)
        assert found is not None, "multipliers of the right signs bound every packing"
        lines = (*self._inequalities(packed, price), *bounded(found, self.shown, WORDING))
        return lines if found.bound <= self.bound.value else (*lines, *self._rest(left, found.total))

    def _simpler(self, packed: Packing, price: Price, left: Residual) -> tuple[Price, Residual]:
        """A simple price that leaves no more open than the witness's."""
        most_open = _open(left)

        def made(candidate: Sequence[Fraction]) -> Residual | None:
            if candidate[0] < 0:
                return None
            return residual(packed, Price(candidate[0] / packed.unit), self.witness.incumbent)

        def good(candidate: Sequence[Fraction]) -> bool:
            other = made(candidate)
            return other is not None and _open(other) <= most_open

        simple = simplest_prices([float(price.capacity * packed.unit)], good)
        other = made(simple) if simple is not None else None
        return (price, left) if simple is None or other is None else (Price(simple[0] / packed.unit), other)

    def _inequalities(self, packed: Packing, price: Price) -> tuple[Block, ...]:
        """Why the further inequalities hold that have a price."""
        said = []
        (row, capacity), incumbent = (self.problem.row_names[0], packed.capacity), self.witness.incumbent
        room = self._weight(packed, capacity)
        if room != self.problem.exact_rows[0][1]:
            unit = number(self._weight(packed, 1))
            said.append(f"The weights that matter are multiples of {unit}, so that the {row} is {number(room)}.")
        if price.count > 0:
            said.append(f"At most {most(packed):,} items fit: one more of the lightest exceeds the {row}.")
        elif price.count < 0:
            least = fewest(packed, incumbent)
            said.append(
                f"To beat {self._value(incumbent)} takes {least:,} items at least: fewer, even the most valuable, are "
                "worth no more. So what follows is about packings that beat it."
            )
        for factor, _ in price.rounded:
            whole = number(self._weight(packed, capacity + 1))
            said.append(f"Weights times {factor:,}/{whole}, rounded down, add up to {factor - 1:,} at most.")
        return (Paragraph(" ".join(said)),) if said else ()

    def _rest(self, left: Residual, total: Fraction) -> tuple[Block, ...]:
        """What whoever is better must do, and what the replay of the rest showed; ``total`` is the prices' bound."""
        incumbent = self.witness.incumbent
        if left.bound <= incumbent:
            return (Paragraph(f"That doesn't beat {self._value(incumbent)}, so nobody exceeds {self._limit()}."),)
        if left.capacity < 0:
            said = f"Whoever beats {self._value(incumbent)} has to pack more than fits: nobody exceeds {self._limit()}."
            return (Paragraph(said),)
        slack = total - (incumbent + 1) * (self.problem.step or 1)
        taken, fixed = int(np.count_nonzero(left.lower)), int(np.count_nonzero(left.free == 0))
        room = number(self._weight(left.packing, left.capacity))
        said = (
            f"To beat {self._value(incumbent)} takes {self._value(incumbent + 1)}, so there is {number(slack)} to "
            "lose at most. An item that gains more than that at these prices must be packed, and one that loses more "
            f"must not. That fixes {fixed:,} of {self._items(left)}. Packed are {taken:,}, worth "
            f"{self._value(left.worth)} together; they leave room for {room}."
        )
        instance = left.instance()
        if not len(instance.items):
            return (Paragraph(said), Paragraph(f"No other item fits in there. So nobody exceeds {self._limit()}."))
        return (Paragraph(said), *self._listed(left, instance))

    def _items(self, left: Residual) -> str:
        """The items that were to be fixed; others are never worth packing, or always."""
        count = len(left.free)
        return f"{count:,} items" + ("" if count == self.problem.size else " (those worth something that fit alone)")

    def _listed(self, left: Residual, instance: Instance) -> tuple[Block, ...]:
        open_items = instance.items.tolist()
        lines = [self._item(left, k, int(instance.room[at])) for at, k in enumerate(open_items[: self.shown])]
        rest = more(len(open_items) - self.shown, "item")
        need = self._value(instance.need)
        hand = " by hand too" if int(instance.limits.sum()) <= _BY_HAND else ""
        way = "a list of states" if self.witness.states else "a table"
        return (
            Paragraph(f"Open, and light enough: {len(open_items):,}. They would have to add {need} within that room:"),
            Lines(tuple(lines), rest),
            Paragraph(f"All their combinations were gone through ({way}, replayed by the verifier{_may(hand)})."),
            Paragraph(f"So nobody exceeds {self._limit()}."),
        )

    def _item(self, left: Residual, k: int, room: int) -> Line:
        j = int(left.packing.index[k])
        weight = self.problem.exact_rows[0][0].item(j)
        copies = f", {room:,} of it" if room > 1 else ""
        name = self.problem.item_names[j]
        note = f"weighs {number(weight)}{copies}"
        return Line((Words("worth"), self.problem.exact_values.item(j)), label=name, note=note)

    def _limit(self) -> str:
        return number(self.bound.value)

    def _value(self, steps: int) -> str:
        return number(steps * (self.problem.step or 1))

    def _weight(self, packed: Packing, units: int) -> Fraction:
        """Units of weight of a packing in the problem's own."""
        return units * (self.problem.step or Fraction(1)) / packed.unit


def _extended(problem: Knapsack, packed: Packing, inequalities: Sequence[Charge], room: Fraction) -> Program:
    """The program with what of the capacity can be used, and the inequalities as further rows."""
    from scipy.sparse import csr_array, vstack

    form = integer_program(problem)
    if room != problem.exact_rows[0][1]:
        form = replace(form, row_upper=np.array([int(room) if room.denominator == 1 else float(room)]))
    if not inequalities:
        return Program(form, Sense.MAXIMIZE)
    further = np.zeros((len(inequalities), problem.size), dtype=np.int64)
    for i, charge in enumerate(inequalities):
        further[i, packed.index] = charge.coefficients
    below = np.array([charge.right if charge.price < 0 else -np.inf for charge in inequalities])
    above = np.array([charge.right if charge.price >= 0 else np.inf for charge in inequalities])
    names = [
        "number of items" if (charge.coefficients == 1).all() else f"rounded weights {i + 1}"
        for i, charge in enumerate(inequalities)
    ]
    extended = replace(
        form,
        matrix=vstack([csr_array(form.matrix), csr_array(further)], format="csr"),
        row_lower=np.append(form.row_lower, below),
        row_upper=np.append(form.row_upper, above),
        rows=(*form.rows, *names),
    )
    return Program(extended, Sense.MAXIMIZE)


def _open(left: Residual) -> int:
    """How many items nothing has decided."""
    return 0 if left.settled else len(left.instance().items)


def _may(text: str) -> str:
    return f"; it can be done{text}" if text else ""
