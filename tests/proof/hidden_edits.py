"""Edits of what one asker may not see: values, rows, order, dates, other people's consent.

The oracle says what is hidden. Each edit is a statement that is undone by another one, made past
the product (a world of one's own for each pair would say the same and cost a database).
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.proof.house import House
from tests.proof.oracle.consent import (
    Asker,
    Row,
    World,
    grounds,
    invited,
    is_on_screen,
    may_ever_see,
)
from tests.proof.oracle.records import Records


@dataclass(frozen=True)
class Table:
    """A table with data about people: what it is, what changes in it, and what a new row needs.

    Attributes:
        kept: whether a record is its agency's own.
        values: columns to edit, each with another value.
        summary: of these, what a role sees that gets the favourable-safe summary and no more.
    """

    name: str
    service: str
    category: str
    day: str | None
    kept: bool
    values: dict[str, Any]
    sort_key: str | None = None
    may_be_copied: bool = True
    summary: tuple[str, ...] = ()


_ELSEWHEN = "2021-03-04"
TABLES = (
    Table(
        "case_note", "participants", "CASE_NOTES", "occurred_on", True,
        {"text": "something else entirely", "mode": "OFFICE"}, "written_at",
    ),
    Table(
        "goal", "participants", "GOALS_PLAN", "set_on", True,
        {"own_words": "another goal", "state": "REACHED"}, "created_at",
    ),
    Table(
        "housing_status", "participants", "HOUSING", "as_of", True,
        {"situation": "PSYCHIATRIC_FACILITY"}, "recorded_at",
    ),
    Table(
        "progress_summary", "participants", "GOALS_PLAN", "approved_on", True,
        {"statement": "worse", "engagement": None, "barriers": "many"}, "written_at",
        may_be_copied=False, summary=("statement", "engagement", "barriers"),
    ),
    Table(
        "enrollment", "participants", "ENROLLMENT", "enrolled_on", False,
        {"enrolled_on": _ELSEWHEN, "intake_completed_on": None}, "created_at",
        may_be_copied=False,
    ),
    Table(
        "caseload_assignment", "participants", "ENROLLMENT", "starts_on", False,
        {"starts_on": _ELSEWHEN}, "created_at", may_be_copied=False,
    ),
    Table(
        "participant_contact", "participants", "CONTACT", None, False,
        {"phone": "555-0100", "emergency_name": "Somebody", "usual_places": "{nowhere}"},
        may_be_copied=False,
    ),
    Table(
        "participant_demographics", "participants", "DEMOGRAPHICS", None, False,
        {"preferred_language": "tlh"}, may_be_copied=False,
    ),
    Table(
        "participant_alias", "participants", "IDENTITY", None, False, {"name": "Aardvark"},
    ),
    Table(
        "participant", "participants", "IDENTITY", None, False,
        {"given_name": "Zed", "family_name": "Example-Zzz", "born_on": _ELSEWHEN},
        "created_at", may_be_copied=False,
    ),
    Table(
        "referral", "participants", "REFERRAL", "submitted_on", False,
        {"account": "told otherwise", "status": "WITHDRAWN", "decision_reason": "other",
         "urgency": "ROUTINE"},
        "submitted_at",
    ),
    Table(
        "lead_link", "cases", "LEGAL_COORD", "matched_on", False,
        {"is_diverted_arrest": True, "coordination_status": "DECLINED"}, "matched_at",
        may_be_copied=False, summary=("is_diverted_arrest", "coordination_status"),
    ),
    Table(
        "filing_decision", "cases", "LEGAL_COORD", "decided_on", False,
        {"reason": "another reason", "decision": "DECLINED"}, "recorded_at",
        summary=("decision",),
    ),
    Table(
        "warrant", "cases", "WARRANTS", "recorded_on", False,
        {"status": "QUASHED", "issued_on": _ELSEWHEN},
    ),
    Table(
        "owg_item", "cases", "OWG", "proposed_on", False,
        {"question": "something else entirely", "topic": "WARRANT", "status": "PROPOSED"},
        may_be_copied=False, summary=("question", "topic", "status"),
    ),
    Table(
        "owg_note", "cases", "OWG", "written_on", False, {"body": "another body"}, "written_at",
    ),
    Table(
        "owg_action", "cases", "OWG", "set_on", False,
        {"what": "nothing", "status": "DROPPED"}, "set_at", summary=("what", "status"),
    ),
    Table(
        "court_letter", "cases", "GOALS_PLAN", "written_on", False,
        {"statement": "another statement", "status": "WITHDRAWN"}, "written_at",
        summary=("statement", "status"),
    ),
    Table(
        "release", "consent", "AUDIT", None, False,
        {"form_version": "OTHER@2020", "number": 99}, "recorded_at", may_be_copied=False,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Edit:
    """One edit that the asker must not be able to notice."""

    table: Table
    row: Row
    kind: str
    column: str = ""

    @property
    def participant(self) -> str:
        """Whom it is about."""
        return str(self.row["id" if self.table.name == "participant" else "participant_id"])

    async def apply(self, house: House) -> None:
        """Make it."""
        service = house.services[self.table.service]
        match self.kind:
            case "value":
                await service.execute(
                    f"update {self.table.name} set {self.column} ="
                    f" (jsonb_populate_record(null::{self.table.name},"
                    f" jsonb_build_object('{self.column}', cast(:value as text)))).{self.column}"
                    f" where {self._where()}",
                    value=_text(self.table.values[self.column]),
                    id=self._id(),
                )
            case "order":
                await service.execute(
                    f"update {self.table.name} set {self.table.sort_key} ="
                    f" {self.table.sort_key} - interval '700 days' where {self._where()}",
                    id=self._id(),
                )
            case "row":
                columns = [name for name in self.row if name != "id"]
                named = ", ".join(columns)
                await service.execute(
                    f"insert into {self.table.name} (id, {named})"
                    f" select cast(:copy as uuid), {named} from {self.table.name}"
                    f" where {self._where()}",
                    copy=_COPY,
                    id=self._id(),
                )

    async def revert(self, house: House) -> None:
        """Undo it."""
        service = house.services[self.table.service]
        if self.kind == "row":
            statement = f"delete from {self.table.name} where id = cast(:copy as uuid)"
            await service.execute(statement, copy=_COPY)
        elif self.kind == "order":
            await service.execute(
                f"update {self.table.name} set {self.table.sort_key} ="
                f" {self.table.sort_key} + interval '700 days' where {self._where()}",
                id=self._id(),
            )
        else:
            await service.execute(
                f"update {self.table.name} set {self.column} ="
                f" cast(:old as {self._kind()}) where {self._where()}",
                old=self.row[self.column],
                id=self._id(),
            )

    def _kind(self) -> str:
        value = self.row[self.column]
        if isinstance(value, list):
            return "text[]"
        return {bool: "boolean", int: "integer"}.get(
            type(value), "date" if self.column.endswith("_on") else "text"
        )

    def _key(self) -> str:
        return "id" if "id" in self.row else "participant_id"

    def _where(self) -> str:
        return f"{self._key()} = cast(:id as uuid)"

    def _id(self) -> str:
        return str(self.row[self._key()])


_COPY = "c0c0c0c0-0000-4000-8000-000000000001"


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


class Hidden:
    """What one asker may not see of a world."""

    def __init__(self, world: World, asker: Asker) -> None:
        self._world = world
        self._records = Records(world, asker, self._grounds)
        self._asker = asker

    def _grounds(self, participant: str, category: str) -> list[Any]:
        return grounds(self._world, self._asker, participant, category)

    def rows(self, table: Table) -> Iterator[Row]:
        """Yield the rows of a table that this asker sees nothing of."""
        for row in self._world.tables[table.name]:
            about = row if "participant_id" in row else {**row, "participant_id": row["id"]}
            if table.name == "referral":
                # Either part would show something; and the own form stays in the own list.
                if row["author_subject"] == self._asker.account:
                    continue
                if self._records.covers(about, "ELIGIBILITY", row["submitted_on"]):
                    continue
            if (
                (table.name == "owg_item" and not self._is_before(row))
                or (self._is_never_raw(table) and not self._is_summary_of(table, row))
                or not self._is_covered(table, about)
            ):
                yield row

    def _is_covered(self, table: Table, about: Row) -> bool:
        """Return whether some ground covers a row; what has no day is there or not at all."""
        if table.day is None:
            return bool(self._grounds(str(about["participant_id"]), table.category))
        return self._records.covers(about, table.category, about[table.day], kept=table.kept)

    def _is_never_raw(self, table: Table) -> bool:
        return not may_ever_see(self._asker, table.category, "R")

    def _is_summary_of(self, table: Table, row: Row) -> bool:
        """Return whether something of a row is in a summary that somebody else may see."""
        if table.name == "progress_summary":
            return bool(row["state"] == "APPROVED")
        return bool(table.summary)

    def _is_before(self, item: Row) -> bool:
        """Return whether an item of an agenda may be before the asker at all, whatever is open."""
        if self._asker.role in ("PM", "CM", "SUP"):
            return True
        (meeting,) = self._world.rows("owg_meeting", id=item["meeting_id"])
        found = invited(self._world, self._asker.account, meeting)
        return is_on_screen(item) and any(each["pledged_at"] is not None for each in found)

    def _raw_columns(self, table: Table, dice: random.Random) -> Edit | None:
        """Return an edit of a raw column of a row of which the asker sees the summary alone."""
        raw = [name for name in table.values if name not in table.summary]
        if not raw or not table.summary or not self._is_never_raw(table):
            return None
        hidden = {row["id"] for row in self.rows(table)}
        seen = [row for row in self._world.tables[table.name] if row["id"] not in hidden]
        if not seen:
            return None
        return Edit(table, dice.choice(seen), "value", dice.choice(raw))

    def is_nobody(self, participant: str) -> bool:
        """Return whether nothing at all of this participant is there for the asker."""
        categories = {each.category for each in TABLES} | {"ELIGIBILITY"}
        return not any(self._grounds(participant, each) for each in categories)

    def edits(self, table: Table, dice: random.Random) -> list[Edit]:
        """Return edits of one hidden row, in random order; none where nothing is hidden."""
        below = self._raw_columns(table, dice)
        if below is not None and dice.random() < 0.5:
            return [below]
        rows = list(self.rows(table))
        if not rows:
            return []
        row = dice.choice(rows)
        found = [
            Edit(table, row, "value", column)
            for column, value in table.values.items()
            if row[column] != value
        ]
        if table.sort_key:
            found.append(Edit(table, row, "order"))
        if table.may_be_copied:
            found.append(Edit(table, row, "row"))
        dice.shuffle(found)
        return found
