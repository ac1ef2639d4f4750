"""People of an agency that nobody else plants for, so that its lists hold nobody else."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from infra import clock
from infra.authority.changes import put_agency_window
from infra.authority.facts import agency_holder
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category
from svc_participants.care.encounters.tables import EncounterRow
from svc_participants.caseloads.tables import AssignmentRow
from svc_participants.contacts.tables import ContactAttemptRow
from svc_participants.enrollments.tables import EnrollmentRow
from svc_participants.people.tables import ParticipantRow
from svc_participants.programmes.tables import ProgrammePlaceRow, ProgrammeRow
from tests.fixtures.participants_service import (
    LONG_AGO,
    SITE,
    TODAY,
    assigned_to,
    case_manager,
    permit,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp


@dataclass(frozen=True)
class Agency:
    """An agency, its people, and who works there."""

    service: ServiceApp
    id: UUID = field(default_factory=uuid4)

    @property
    def supervisor(self) -> Caller:
        return supervisor(str(self.id))

    def manager(self, handle: str) -> Caller:
        return case_manager(f"{self.id} {handle}", str(self.id))

    async def somebody(self, *statuses: str, **given: Any) -> str:
        """Store somebody whom the agency serves, with enrollments, the oldest first."""
        whose, now = uuid4(), clock.now()
        async with self.service.chassis.database.write() as session:
            session.add(
                ParticipantRow(
                    id=whose,
                    site_id=UUID(SITE),
                    given_name="Robin",
                    name_quality="PARTIAL_OR_STREET_NAME",
                    birth_date_quality="NOT_COLLECTED",
                    created_at=now,
                )
            )
            await session.flush()
            for number, status in enumerate(statuses):
                is_last = number == len(statuses) - 1
                session.add(
                    EnrollmentRow(
                        id=uuid4(),
                        participant_id=whose,
                        site_id=UUID(SITE),
                        status=status,
                        provider_agency_id=self.id,
                        enrolled_on=TODAY,
                        created_at=now + timedelta(seconds=number),
                        inactive_reason=given.get("reason") if is_last else None,
                        exit_reason=given.get("exit") if is_last else None,
                    )
                )
        holder = agency_holder(str(self.id))
        denials = [
            permit(whose, holder, Basis.RELEASE, is_denial=True, category=each)
            for each in given.get("without", ())
        ]
        await self.service.apply_facts([permit(whose, holder, Basis.OWN_AGENCY), *denials])
        return str(whose)

    async def met(self, whose: str, days_ago: int, **given: Any) -> None:
        """Record a contact with somebody."""
        row = {"mode": "OFFICE", "outcome": "MET", "agency_id": self.id, **given}
        async with self.service.chassis.database.write() as session:
            session.add(
                EncounterRow(
                    id=uuid4(),
                    participant_id=UUID(whose),
                    recorded_at=clock.now(),
                    recorded_by="x",
                    occurred_on=day(days_ago),
                    **row,
                )
            )

    async def tried(self, whose: str, days_ago: int, outcome: str) -> None:
        """Record an attempt to reach somebody."""
        at = datetime.now(UTC) - timedelta(days=days_ago)
        async with self.service.chassis.database.write() as session:
            session.add(
                ContactAttemptRow(
                    id=uuid4(),
                    participant_id=UUID(whose),
                    agency_id=self.id,
                    mode="STREET",
                    outcome=outcome,
                    attempted_at=at,
                    recorded_at=at,
                    recorded_by="x",
                )
            )

    async def put_on(self, whose: str, handle: str) -> str:
        """Put somebody on a caseload; returns the account."""
        account_id = self.manager(handle).subject
        async with self.service.chassis.database.write() as session:
            session.add(
                AssignmentRow(
                    id=uuid4(),
                    participant_id=UUID(whose),
                    agency_id=self.id,
                    account_id=account_id,
                    starts_on=TODAY,
                    created_at=clock.now(),
                )
            )
        await self.service.apply_facts([assigned_to(whose, f"{self.id} {handle}")])
        return account_id

    async def placed(self, whose: str, programme_id: UUID, *, has_left: bool = False) -> None:
        """Give somebody a place in a programme, which is made where there is none."""
        async with self.service.chassis.database.write() as session:
            if await session.get(ProgrammeRow, programme_id) is None:
                session.add(
                    ProgrammeRow(
                        id=programme_id,
                        site_id=UUID(SITE),
                        kind="LODGING",
                        capacity=9,
                        name=f"Of a test {programme_id}",
                        entry_doors=[],
                        lodging_units=0,
                        is_open=True,
                        created_at=clock.now(),
                    )
                )
                await session.flush()
            session.add(
                ProgrammePlaceRow(
                    id=uuid4(),
                    programme_id=programme_id,
                    participant_id=UUID(whose),
                    agency_id=self.id,
                    entered_on=TODAY,
                    left_on=TODAY if has_left else None,
                    is_lodged=False,
                    created_at=clock.now(),
                    recorded_by="x",
                )
            )


async def agency_of(service: ServiceApp) -> Agency:
    """Return a new agency under an agreement in force."""
    agency = Agency(service)
    await service.apply_facts([put_agency_window(uuid4(), str(agency.id), SITE, LONG_AGO, None)])
    return agency


def without(asking: Caller, category: Category) -> Caller:
    """Return a caller whose role may not see a category."""
    return replace(asking, access={k: v for k, v in asking.access.items() if k != category})


def day(days_ago: int) -> date:
    """Return a day that lies some days back."""
    return TODAY - timedelta(days=days_ago)


async def found(service: ServiceApp, asking: Caller, root: str, arguments: str = "") -> list[str]:
    """Return the ids of a list, in order; the count is of exactly these."""
    document = f"{{ {root}(first: 100{arguments}) {{ totalCount edges {{ node {{ id }} }} }} }}"
    answer = (await service.graphql(asking, document)).data[root]
    ids = [edge["node"]["id"] for edge in answer["edges"]]
    assert answer["totalCount"] == len(ids)
    return ids
