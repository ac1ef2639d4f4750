"""Explains a decision step by step, in the order in which it is made. Pure.

The decision itself is ``authority.decision``; here the same facts are read once more to say which
step ended it, by which rule, and on which release it rests. Rule ids: gateway/policy/rules.toml.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from infra.authority.facts import VisibilityFact, subject_holder
from infra.errors import RuleError
from infra.vocabulary import (
    ALWAYS_DENY_PURPOSES,
    WITHOUT_NAMES,
    Basis,
    Category,
    Form,
    Purpose,
    Role,
)
from svc_consent.authority.decision import Asker, Decider, Decision, Ground, Window
from svc_consent.explanations.agreement import Agreement

READERS = frozenset({Role.CM, Role.PRV})
"""The participant's case manager, and the privacy officer inside a review."""

REVIEW_HOURS = 24
MAX_REASON_LENGTH = 500
_JUSTICE = ("LEO", "LEL", "PRO", "PRB", "CRT")
_CLINICAL = frozenset(
    {
        Category.CASE_NOTES,
        Category.PSYCHOSOCIAL,
        Category.SUD,
        Category.MENTAL_HEALTH,
        Category.HEALTH_HIV,
        Category.CONTACT,
    }
)
_FREE = frozenset({Category.STRUCTURE, Category.CATALOGUE})


CLEARANCE_RULE = "CLEARANCE"
"""The site setting that opens a category only to who has the training for it."""


class Step(StrEnum):
    """The step that ended a decision."""

    UNKNOWN_INPUT = "UNKNOWN_INPUT"
    NO_GRANT = "NO_GRANT"
    NO_AGREEMENT = "NO_AGREEMENT"
    PURPOSE_ALWAYS_DENIED = "PURPOSE_ALWAYS_DENIED"
    PURPOSE_NOT_OF_ROLE = "PURPOSE_NOT_OF_ROLE"
    PROHIBITED = "PROHIBITED"
    NOT_OF_ROLE = "NOT_OF_ROLE"
    AGGREGATE_ONLY = "AGGREGATE_ONLY"
    SUMMARY_ONLY = "SUMMARY_ONLY"
    NOT_TRAINED = "NOT_TRAINED"
    DENIED_BY_PARTICIPANT = "DENIED_BY_PARTICIPANT"
    NO_GROUND = "NO_GROUND"
    PERMITTED = "PERMITTED"


RULES: dict[Step, tuple[str, ...]] = {
    Step.UNKNOWN_INPUT: ("D01",),
    Step.NO_GRANT: ("D03",),
    Step.NO_AGREEMENT: ("D02",),
    Step.PURPOSE_ALWAYS_DENIED: ("D17", "D24", "D29", "GR-2"),
    Step.PURPOSE_NOT_OF_ROLE: ("D01",),
    Step.PROHIBITED: ("D18", "GR-3"),
    Step.NOT_OF_ROLE: ("MATRIX",),
    Step.AGGREGATE_ONLY: ("D41", "D42", "D44", "D45"),
    Step.SUMMARY_ONLY: ("GR-4",),
    Step.NOT_TRAINED: (CLEARANCE_RULE,),
    Step.DENIED_BY_PARTICIPANT: ("D23", "DENY_WINS"),
    Step.NO_GROUND: ("D09", "D15"),
    Step.PERMITTED: ("MATRIX",),
}
RULES_OF_BASIS: dict[Basis, str] = {
    Basis.RELEASE: "D08",
    Basis.ASSIGNMENT: "D05",
    Basis.OWN_AGENCY: "D07",
    Basis.SELF: "D04",
    Basis.REPRESENTATIVE: "D04",
    Basis.COUNSEL: "D27",
    Basis.SCREENING: "D10",
    Basis.AUTHOR: "D12",
    Basis.BREAK_GLASS: "D20",
    Basis.REVIEW: "REVIEW",
    Basis.CONFERENCE: "D16",
    Basis.COURT_ORDER: "D33",
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whose view is explained: a role at an agency, and where it matters who holds it.

    Attributes:
        account_id: of a named person; empty for anybody of that role at the agency.
        holds_grant: whether the named person holds the role there at the instant.
        untrained: categories that the named person lacks the training for.
        needs_training: categories that nobody sees here without training; where no person is
            named, an explanation says so beside what else decides.
    """

    column: str
    role: Role
    agency_id: str
    site_id: str
    account_id: str = ""
    holds_grant: bool = True
    untrained: frozenset[Category] = frozenset()
    needs_training: frozenset[Category] = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """What stood at the instant: grounds about the participant, periods of the agency."""

    at: datetime
    revision: int
    grounds: Sequence[Ground]
    windows: Sequence[Window]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why one category in one form may, or may not, be seen.

    Attributes:
        bases: grounds that are held for it (letters).
        sources: releases (or emergency accesses) that it rests on.
    """

    category: Category
    form: Form
    step: Step
    rule_ids: tuple[str, ...]
    bases: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    valid_until: datetime | None = None

    @property
    def is_permitted(self) -> bool:
        """Return whether it may be seen."""
        return self.step is Step.PERMITTED


class Explainer:
    """Explains for one recipient and purpose at one instant."""

    def __init__(
        self, agreement: Agreement, recipient: Recipient, purpose: Purpose, facts: Facts
    ) -> None:
        self._agreement = agreement
        self._recipient = recipient
        self._purpose = purpose
        self._facts = facts
        cells = agreement.cells[recipient.column]
        access = {each.value: cell.grounds for each, cell in cells.items() if cell.grounds}
        self._asker = Asker(
            recipient.account_id, recipient.agency_id, recipient.role.value, purpose.value,
            access, recipient.site_id,
        )  # fmt: skip
        decider = Decider(self._asker, facts.windows, facts.at)
        self._decision: Decision = decider.decide(facts.grounds)
        self._verdicts: dict[tuple[Category, Form], Verdict] = {}

    def field(self, coordinate: str) -> list[Verdict]:
        """Explain one coordinate: a verdict for each of its categories, nothing if unknown."""
        labels = self._agreement.labels.get(coordinate, ())
        verdicts = [self.category(category, form) for category, form in labels]
        if coordinate in self._agreement.refused[self._recipient.column]:
            return [
                each if not each.is_permitted else _verdict(each.category, each.form, step)
                for each in verdicts
                for step in (Step.NOT_OF_ROLE,)
            ]
        return verdicts

    def category(self, category: Category, form: Form) -> Verdict:
        """Explain one category in one form; once, however many fields have it."""
        found = self._verdicts.get((category, form))
        if found is None:
            found = self._verdicts[category, form] = self._explained(category, form)
        return found

    def _explained(self, category: Category, form: Form) -> Verdict:
        if category in _FREE:
            return _verdict(category, form, Step.PERMITTED)
        step = self._step(category, form)
        if step is not Step.PERMITTED:
            return _verdict(category, form, step)
        cell = self._agreement.cells[self._recipient.column][category]
        held = sorted({row.basis for row in self._held(category)} & set(cell.grounds))
        return Verdict(
            category,
            form,
            step,
            (
                *RULES[step],
                *sorted({RULES_OF_BASIS[Basis(each)] for each in held}),
                *((CLEARANCE_RULE,) if category in self._recipient.needs_training else ()),
            ),
            tuple(held),
            tuple(self._decision.sources.get(category.value, ())),
            self._decision.valid_until,
        )

    def categories(self) -> list[Verdict]:
        """Explain every category, in the form that the column may have at most."""
        cells = self._agreement.cells[self._recipient.column]
        return [self.category(category, cell.form or Form.RAW) for category, cell in cells.items()]

    def visible_coordinates(self) -> list[str]:
        """Return the coordinates about a person of which every category is permitted."""
        found = []
        for coordinate, labels in sorted(self._agreement.labels.items()):
            if all(category in _FREE for category, _ in labels):
                continue
            if all(each.is_permitted for each in self.field(coordinate)):
                found.append(coordinate)
        return found

    def _step(self, category: Category, form: Form) -> Step:
        recipient = self._recipient
        if not recipient.holds_grant:
            return Step.NO_GRANT
        if self._purpose in ALWAYS_DENY_PURPOSES:
            return Step.PURPOSE_ALWAYS_DENIED
        if self._purpose not in self._agreement.purposes[recipient.column]:
            return Step.PURPOSE_NOT_OF_ROLE
        if recipient.role.value in _JUSTICE and category in _CLINICAL:
            return Step.PROHIBITED
        cell = self._agreement.cells[recipient.column].get(category)
        if cell is None or cell.kind == "N":
            return Step.NOT_OF_ROLE
        if form in WITHOUT_NAMES and cell.kind not in ("A", "D"):
            return Step.NOT_OF_ROLE  # figures are about nobody whom this could be asked of
        if cell.kind in ("A", "D"):
            return Step.AGGREGATE_ONLY
        if cell.form is not None and cell.form is not form:
            return Step.SUMMARY_ONLY if cell.form is Form.SUMMARY else Step.NOT_OF_ROLE
        if category in recipient.untrained:
            return Step.NOT_TRAINED
        if category.value in self._decision.categories:
            return Step.PERMITTED
        return self._without_ground(category)

    def _without_ground(self, category: Category) -> Step:
        if self._recipient.role not in (Role.PAR, Role.REP) and not self._is_member():
            return Step.NO_AGREEMENT
        if any(row.is_denial for row in self._rows(category)):
            return Step.DENIED_BY_PARTICIPANT
        return Step.NO_GROUND

    def _is_member(self) -> bool:
        at = self._facts.at
        return any(
            (each.agency_id, each.site_id) == (self._recipient.agency_id, self._recipient.site_id)
            and each.starts_at <= at
            and (each.ends_at is None or each.ends_at > at)
            for each in self._facts.windows
        )

    def _rows(self, category: Category) -> Iterable[Ground]:
        at, holders = self._facts.at, self._asker.holders
        for row in self._facts.grounds:
            is_in_force = row.starts_at <= at and (row.ends_at is None or row.ends_at > at)
            is_for = row.purpose in (None, self._purpose.value)
            is_of = row.category in (None, category.value)
            is_held = row.holder in holders or (row.is_denial and row.holder == "any")
            if is_in_force and is_for and is_of and is_held:
                yield row

    def _held(self, category: Category) -> Iterable[Ground]:
        return (row for row in self._rows(category) if not row.is_denial)


def _verdict(category: Category, form: Form, step: Step) -> Verdict:
    return Verdict(category, form, step, RULES[step])


def checked_review_reason(reason: str) -> str:
    """Return the reason for a review without surrounding space.

    Raises:
        RuleError: none is given, or it is too long.
    """
    text = reason.strip()
    if not 1 <= len(text) <= MAX_REASON_LENGTH:
        raise RuleError(
            "REASON_MISSING",
            f"Say why the record is reviewed, in 1 to {MAX_REASON_LENGTH} characters.",
            ("input", "reason"),
        )
    return text


def review_ground(
    review_id: UUID, participant_id: UUID, subject: str, starts_at: datetime, ends_at: datetime
) -> VisibilityFact:
    """Return the ground that an open review is: one person, one record, and it ends by itself."""
    return VisibilityFact(
        id=review_id,
        participant_id=participant_id,
        holder=subject_holder(subject),
        basis=Basis.REVIEW,
        starts_at=starts_at,
        ends_at=ends_at,
        purpose=Purpose.RECORDMGT,
        source_id=review_id,
    )
