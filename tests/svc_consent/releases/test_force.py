"""What comes into force with a version, what goes with it, and that it is one change; no database.

That decisions follow is shown over the database by ``test_taking_back.py``.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest

from infra.authority.changes import Operation
from infra.authority.facts import agency_holder
from infra.database import WriteSession
from infra.errors import RuleError
from infra.events.tables import StreamEvent
from infra.vocabulary import Category, Purpose
from svc_consent.releases import force
from svc_consent.releases.rules import ReleaseKind, ReleaseStatus, Terms, row_ids
from svc_consent.releases.tables import Provision, Release, Restriction

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SITE, PERSON, SUCCESSOR = UUID(int=1), UUID(int=2), UUID(int=3)
POLICE, CLINIC = UUID(int=4), UUID(int=5)
TERMS = (
    Terms(UUID(int=11), POLICE, (Category.IDENTITY, Category.HOUSING), (Purpose.LEAD_COORD,)),
    Terms(UUID(int=12), CLINIC, (Category.SUD,), (Purpose.TREAT,), is_denial=True),
)


class Session:
    """Stands for a transaction in which a version has the provisions above."""

    def __init__(self) -> None:
        self.added: list[StreamEvent] = []

    async def scalars(self, _statement: object) -> list[Provision]:
        return [
            Provision(
                id=each.id, release_id=UUID(int=9), recipient_agency_id=each.recipient_agency_id,
                effect="deny" if each.is_denial else "permit",
                categories=list(each.categories), purposes=list(each.purposes),
            )
            for each in TERMS
        ]  # fmt: skip

    def add(self, row: StreamEvent) -> None:
        self.added.append(row)


def session() -> WriteSession:
    return cast("WriteSession", Session())


def version(**changes: Any) -> Release:
    given: dict[str, Any] = {
        "id": UUID(int=9), "participant_id": PERSON, "site_id": SITE, "version": 4,
        "kind": ReleaseKind.GENERAL.value, "status": ReleaseStatus.ACTIVE.value,
        "signed_at": NOW - timedelta(days=2), "expires_at": NOW + timedelta(days=30),
    }  # fmt: skip
    return Release(**{**given, **changes})


def rows(operations: Sequence[Operation]) -> list[dict[str, Any]]:
    """Return the rows that some operations put."""
    assert {(each["op"], each["table"]) for each in operations} <= {("put", "visibility")}
    return [cast("dict[str, Any]", each["row"]) for each in operations]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_each_cell_of_a_version_comes_into_force_at_its_site_and_until_its_end() -> None:
    operations, touched = force.brought_into_force(version(), TERMS, NOW)
    found = rows(operations)
    assert [(row["category"], row["purpose"], row["effect"]) for row in found] == [
        ("IDENTITY", "LEAD_COORD", "permit"), ("HOUSING", "LEAD_COORD", "permit"),
        ("SUD", "TREAT", "deny"),
    ]  # fmt: skip
    assert [UUID(row["id"]) for row in found] == row_ids(TERMS)
    assert {moment(row["ends_at"]) for row in found} == {NOW + timedelta(days=30)}
    assert {row["source_id"] for row in found} == {str(UUID(int=9))}
    police, clinic = (agency_holder(str(each), str(SITE)) for each in (POLICE, CLINIC))
    assert [row["holder"] for row in found] == [police, police, clinic]
    assert [each.holder for each in touched] == [police, police, clinic]
    assert {each.participant_id for each in touched} == {str(PERSON)}


@pytest.mark.parametrize(
    ("signed_at", "since"),
    [
        (NOW - timedelta(days=2), NOW - timedelta(days=2)),
        (None, NOW),
        # A tablet whose clock is ahead: not a minute later than it was recorded.
        (NOW + timedelta(minutes=4), NOW),
    ],
)
def test_a_version_counts_from_its_signature(signed_at: datetime | None, since: datetime) -> None:
    operations, _ = force.brought_into_force(version(signed_at=signed_at), TERMS, NOW)
    assert {moment(row["starts_at"]) for row in rows(operations)} == {since}


@pytest.mark.parametrize("kind", list(ReleaseKind))
def test_kinds_that_open_nothing_bring_nothing_whatever_they_name(kind: ReleaseKind) -> None:
    effect = force.brought_into_force(version(kind=kind.value), TERMS, NOW)
    opens = kind not in (ReleaseKind.COUNSELING_NOTES, ReleaseKind.PROCEEDING)
    assert [len(each) for each in effect] == ([3, 3] if opens else [0, 0])


async def test_a_version_that_ends_takes_every_row_along_that_it_brought() -> None:
    operations, touched = await force.taken_out_of_force(session(), version())
    assert operations == [
        {"op": "delete", "table": "visibility", "id": str(each)} for each in row_ids(TERMS)
    ]
    assert [each.holder for each in touched] == sorted(
        agency_holder(str(each)) for each in (POLICE, CLINIC)
    )
    assert {each.participant_id for each in touched} == {str(PERSON)}


async def test_a_replaced_version_says_by_what_and_when_and_goes() -> None:
    release, at = version(), session()
    operations, touched = await force.superseded(at, release, SUCCESSOR, NOW)
    assert (release.status, release.superseded_by, release.superseded_at, release.version) == (
        "SUPERSEDED", SUCCESSOR, NOW, 5,
    )  # fmt: skip
    assert len(operations) == 3
    assert len(touched) == 2
    (told,) = cast("Session", at).added
    assert (told.field, told.entity_id) == ("releaseChanged", release.id)
    assert any(str(PERSON) in key for key in told.keys)


async def test_a_replaced_draft_had_nothing_in_force() -> None:
    release = version(status=ReleaseStatus.DRAFT.value)
    assert await force.superseded(session(), release, SUCCESSOR, NOW) == ([], [])
    assert release.status == "SUPERSEDED"


@pytest.mark.parametrize("status", ["DEFECTIVE", "REVOKED", "SUPERSEDED", "ENTERED_IN_ERROR"])
async def test_what_is_over_is_not_replaced(status: str) -> None:
    release, at = version(status=status), session()
    with pytest.raises(RuleError):
        await force.superseded(at, release, SUCCESSOR, NOW)
    assert (release.status, release.version) == (status, 4)
    assert cast("Session", at).added == []


@pytest.mark.parametrize(
    ("category", "purpose"), [("SUD", "COC"), (None, "COC"), ("SUD", None), (None, None)]
)
def test_a_restriction_denies_from_its_record_at_every_site(
    category: str | None, purpose: str | None
) -> None:
    """Without a category, or a purpose, it denies all of them."""
    row = Restriction(
        id=UUID(int=21), participant_id=PERSON, agency_id=POLICE, category=category,
        purpose=purpose, recorded_at=NOW,
    )  # fmt: skip
    operations, touched = force.restricted(row)
    (fact,) = rows(operations)
    assert fact["effect"] == "deny"
    assert (fact["category"], fact["purpose"]) == (category, purpose)
    assert fact["holder"] == agency_holder(str(POLICE))
    assert moment(fact["starts_at"]) == NOW
    assert fact["ends_at"] is None
    assert fact["id"] == fact["source_id"] == str(UUID(int=21))
    assert [(each.participant_id, each.holder) for each in touched] == [
        (str(PERSON), agency_holder(str(POLICE)))
    ]


async def test_what_goes_and_what_comes_is_one_change_of_one_revision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In between nobody could say which of two versions holds."""
    recorded: list[tuple[set[str], list[Operation]]] = []

    async def record(_: object, keys: Iterable[str], operations: Sequence[Operation]) -> int:
        recorded.append((set(keys), list(operations)))
        return 1

    monkeypatch.setattr(force, "record_change", record)
    gone = await force.taken_out_of_force(session(), version())
    come = force.brought_into_force(version(), TERMS[:1], NOW)
    await force.in_one_revision(session(), gone, come)
    ((keys, operations),) = recorded
    assert operations == [*gone[0], *come[0]]
    assert {f"participant:{PERSON}", f"visible:{POLICE}", f"visible:{CLINIC}"} <= keys
    recorded.clear()
    await force.in_one_revision(session(), ([], []), ([], []))
    await force.in_one_revision(session())
    assert recorded == []
