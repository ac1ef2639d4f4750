"""The compiled access table and the decision rule as formulas, for proofs over all callers at once.

Coordinates that no view can tell apart are one; and for each category and form there is one more
that no service has, so that a proof also covers fields that come later.

Everything that a decision reads is a free variable: who asks (a column of the matrix), why, which
grounds are held, whether a denial stands, whether grant and agreement are live. What the table
says is taken from the compiled table itself; what the rule says is written out here and held
against the product's own decisions by a test.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import z3

from gateway.policy.access_table import BITS, AccessTable
from gateway.policy.labels import Coordinate, Label
from infra.authority import expression
from infra.vocabulary import (
    ALWAYS_DENY_PURPOSES,
    PERSON_CATEGORIES,
    STAFF_PURPOSES,
    Basis,
    Category,
    Form,
    Purpose,
)

NO_PURPOSE = len(Purpose)
_PURPOSES = {purpose: number for number, purpose in enumerate(Purpose)}
_WITHOUT_AGENCY = ("PAR", "REP")
GRANT, AGREEMENT, DENIAL, PURPOSE, ALWAYS_DENY = range(5)


@dataclass(frozen=True)
class World:
    """One symbolic moment: everything that a decision may depend on.

    Attributes:
        name: keeps the variables of two moments apart.
    """

    name: str = "w"
    held: dict[Basis, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for basis in Basis:
            fact = z3.BoolVal(True) if basis is Basis.ANY else z3.Bool(f"{self.name}_{basis.name}")
            self.held[basis] = fact

    @cached_property
    def grant_is_live(self) -> Any:
        return z3.Bool(f"{self.name}_grant")

    @cached_property
    def agreement_is_live(self) -> Any:
        return z3.Bool(f"{self.name}_agreement")

    @cached_property
    def is_denied(self) -> Any:
        return z3.Bool(f"{self.name}_denied")

    def holds_only(self, *bases: Basis) -> Any:
        """Return "no ground but these is held"; these may be."""
        return z3.And(
            *(z3.Not(fact) for basis, fact in self.held.items()
              if basis is not Basis.ANY and basis not in bases)
        )  # fmt: skip

    def holds(self, *bases: Basis) -> Any:
        """Return "at least one of these grounds is held"."""
        return z3.Or(*(self.held[basis] for basis in bases))


@dataclass(frozen=True)
class Kind:
    """Coordinates that no view can tell apart.

    Attributes:
        example: one of them.
        needs: for each column with and without a purpose: bits needed, None if refused.
    """

    example: str
    labels: frozenset[Label]
    is_list: bool
    needs: tuple[int | None, ...]


class Policy:
    """A compiled table as formulas.

    Args:
        table: as the gateway compiles it.
        forgets: parts of the rule that are left out, to plant a fault.
    """

    def __init__(self, table: AccessTable, forgets: Collection[int] = ()) -> None:
        self.table = table
        self._forgets = frozenset(forgets)
        self.columns = {name: number for number, name in enumerate(sorted(table.matrix.columns))}
        self._views = [(name, has) for name in self.columns for has in (True, False)]
        self.kinds = list(dict.fromkeys([*self._served(), *self._conceivable()]))
        self.column, self.purpose = z3.Int("column"), z3.Int("purpose")
        self.coordinate = z3.Int("coordinate")
        self._seen: dict[str, Any] = {}

    def _served(self) -> Iterable[Kind]:
        labels = self.table.labels
        known: dict[tuple[Any, ...], Kind] = {}
        for name, required in sorted(labels.fields.items()):
            is_list = name in labels.lists and ".".join(name) not in self.table.matrix.own_lists
            needs = tuple(self._needs(name, column, has) for column, has in self._views)
            key = (required, is_list, needs)
            known.setdefault(key, Kind(".".join(name), required, is_list, needs))
        return known.values()

    def _needs(self, name: Coordinate, column: str, has_purpose: bool) -> int | None:
        view = self.table.view(column, has_person_purpose=has_purpose)
        if name in view.refused:
            return None
        bits = view.needs.get(name, 0) | view.type_needs.get(name[0], 0)
        if name in self.table.labels.carried:  # what it returns carries the label
            for label in self.table.labels.fields[name]:
                bits |= BITS.get(label.category, 0)
        return bits

    def _conceivable(self) -> Iterable[Kind]:
        for category in PERSON_CATEGORIES:
            for form in Form:
                if (category is Category.LEGAL_PUBLIC) != (form is Form.PUBLIC_RECORD):
                    continue  # such a label does not load
                needs: list[int | None] = []
                for column, has in self._views:
                    access, forms, _ = self.table.access_of(column, has_person_purpose=has)
                    fits = category in access and forms.get(category, form) is form
                    is_open = access.get(category) == "*"
                    needs.append((0 if is_open else BITS[category]) if fits else None)
                labels = frozenset({Label(category, form)})
                yield Kind(f"a field of {category}, {form}", labels, False, tuple(needs))

    def bounds(self) -> Any:
        """Return that all three choices are real ones."""
        return z3.And(
            self.column >= 0, self.column < len(self.columns),
            self.purpose >= 0, self.purpose <= NO_PURPOSE,
            self.coordinate >= 0, self.coordinate < len(self.kinds),
        )  # fmt: skip

    def asks_as(self, *roles: str) -> Any:
        """Return "the caller acts under a column of one of these roles" (or the column itself)."""
        return z3.Or(
            *(self.column == number for name, number in self.columns.items()
              if name in roles or name.partition(":")[0] in roles)
        )  # fmt: skip

    def states(self, purposes: Iterable[Purpose]) -> Any:
        """Return "the request states one of these purposes"."""
        return z3.Or(*(self.purpose == _PURPOSES[purpose] for purpose in purposes))

    def is_labelled(self, wanted: Callable[[Label], bool]) -> Any:
        """Return "the coordinate carries a label like this"."""
        return self._is_one_of(
            number
            for number, kind in enumerate(self.kinds)
            if any(wanted(each) for each in kind.labels)
        )

    def is_list(self) -> Any:
        """Return "the coordinate is a list of participants' records"."""
        return self._is_one_of(n for n, kind in enumerate(self.kinds) if kind.is_list)

    def of_category(self, *categories: Category, form: Form | None = None) -> Any:
        """Return "the coordinate is of one of these categories"."""
        return self.is_labelled(
            lambda label: label.category in categories and (form is None or label.form is form)
        )

    def about_a_person(self) -> Any:
        """Return "the coordinate is governed by consent"."""
        return self.is_labelled(lambda label: label.is_consent_governed)

    def sees(self, world: World) -> Any:
        """Return "the caller gets a value at the coordinate, if there is one"."""
        if world.name not in self._seen:
            self._seen[world.name] = z3.And(self._may_act(world), self._answered(world))
        return self._seen[world.name]

    def _answered(self, world: World) -> Any:
        has_purpose = self._has_person_purpose()
        parts = []
        for place, (column, has) in enumerate(self._views):
            access, _, _ = self.table.access_of(column, has_person_purpose=has)
            seen = []
            by_needs: dict[int, list[int]] = {}
            for number, kind in enumerate(self.kinds):
                bits = kind.needs[place]
                if bits is not None:
                    by_needs.setdefault(bits, []).append(number)
            for bits, numbers in by_needs.items():
                met = [
                    self._granted(access.get(category, ""), world)
                    for category, bit in BITS.items()
                    if bits & bit
                ]
                seen.append(z3.And(self._is_one_of(numbers), *met))
            condition = has_purpose if has else z3.Not(has_purpose)
            parts.append(z3.And(self.column == self.columns[column], condition, z3.Or(*seen)))
        return z3.Or(*parts)

    def permits(self, world: World, column: str, purpose: Purpose, category: Category) -> Any:
        """Return the decision about one category, as the consent service makes it."""
        access, _, _ = self.table.access_of(column, has_person_purpose=True)
        return z3.And(
            self.column == self.columns[column],
            self.purpose == _PURPOSES[purpose],
            self._agreement(world),
            self._granted(access.get(category, ""), world),
        )

    def _may_act(self, world: World) -> Any:
        parts = []
        if GRANT not in self._forgets:
            parts.append(world.grant_is_live)
        parts.append(self._agreement(world))
        return z3.And(*parts)

    def _agreement(self, world: World) -> Any:
        if AGREEMENT in self._forgets:
            return z3.BoolVal(True)
        return z3.Or(self.asks_as(*_WITHOUT_AGENCY), world.agreement_is_live)

    def _has_person_purpose(self) -> Any:
        """An always-deny purpose counts as none; so does one about staff records."""
        allowed = z3.Or(
            *(
                z3.And(self.column == number, self.purpose == _PURPOSES[purpose])
                for name, number in self.columns.items()
                for purpose in self.table.matrix.purposes_of(name)
            )
        )
        if PURPOSE in self._forgets:
            allowed = z3.BoolVal(True)
        excluded = STAFF_PURPOSES | (
            frozenset() if ALWAYS_DENY in self._forgets else ALWAYS_DENY_PURPOSES
        )
        if ALWAYS_DENY in self._forgets:
            allowed = z3.Or(allowed, self.states(ALWAYS_DENY_PURPOSES))
        return z3.And(allowed, z3.Not(self.states(excluded)))

    def _granted(self, grounds: str, world: World) -> Any:
        found = z3.Or(
            *(z3.And(*(world.held[basis] for basis in part)) for part in expression.parse(grounds))
        )
        return found if DENIAL in self._forgets else z3.And(found, z3.Not(world.is_denied))

    def _is_one_of(self, numbers: Iterable[int]) -> Any:
        """Return membership as ranges, so that formulas stay small."""
        ranges: list[tuple[int, int]] = []
        for number in sorted(numbers):
            if ranges and ranges[-1][1] == number - 1:
                ranges[-1] = (ranges[-1][0], number)
            else:
                ranges.append((number, number))
        return z3.Or(
            *(z3.And(self.coordinate >= low, self.coordinate <= high) for low, high in ranges)
        )

    def counterexample(self, *claims: Any) -> dict[str, str] | None:
        """Return who would see what, and why, if all claims can hold together; else None."""
        solver = z3.Solver()
        solver.set("timeout", 120_000)
        solver.add(self.bounds(), *claims)
        verdict = solver.check()
        assert verdict != z3.unknown, solver.reason_unknown()
        if verdict == z3.unsat:
            return None
        model = solver.model()

        def name(variable: Any, names: dict[Any, int]) -> str:
            number = model.eval(variable, model_completion=True).as_long()
            return next((str(key) for key, each in names.items() if each == number), "none")

        facts = sorted(
            str(each) for each in model.decls() if z3.is_true(model[each]) and "_" in str(each)
        )
        return {
            "column": name(self.column, self.columns),
            "purpose": name(self.purpose, {key.value: n for key, n in _PURPOSES.items()}),
            "coordinate": name(
                self.coordinate, {kind.example: n for n, kind in enumerate(self.kinds)}
            ),
            "facts": ", ".join(facts),
        }
