"""Leaks to plant: each a small patch of the product, as data, with the row of the catalogue.

Two layers stand before most values, so most patches take both down: the fence or the service's
own narrowing alone leaks nothing, which `test_one_layer_alone_stops_the_leak` shows.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import func, or_, select, true
from strawberry.types import Info

from gateway.policy.matrix import Cell, CellKind, Matrix, load_matrix
from infra.batch_loader import KeptStatements
from infra.mutation_result import CommandError
from infra.pagination import Page
from infra.vocabulary import Category, Form
from svc_cases.coordination.tables import LeadLink
from svc_participants.people.tables import ParticipantRow
from svc_participants.referrals.tables import ReferralRow

Plant = Callable[[pytest.MonkeyPatch], None]

# Taken apart below, so typed as anything.
gateway_decisions: Any = importlib.import_module("gateway.release.decisions")
edge: Any = importlib.import_module("gateway.web.graphql_endpoint")
public_cases: Any = importlib.import_module("svc_cases.cases.repository")
conferences: Any = importlib.import_module("svc_cases.conferences.repository")
letters: Any = importlib.import_module("svc_cases.letters.repository")
matches: Any = importlib.import_module("svc_cases.coordination.repository")
release_commands: Any = importlib.import_module("svc_consent.releases.commands")
releases: Any = importlib.import_module("svc_consent.releases.repository")
goals: Any = importlib.import_module("svc_participants.care.goals.repository")
housing: Any = importlib.import_module("svc_participants.care.housing.repository")
notes: Any = importlib.import_module("svc_participants.care.notes.repository")
summaries: Any = importlib.import_module("svc_participants.care.summaries.repository")
caseloads: Any = importlib.import_module("svc_participants.caseloads.repository")
enrollments: Any = importlib.import_module("svc_participants.enrollments.repository")
lists: Any = importlib.import_module("svc_participants.lists.repository")
people_commands: Any = importlib.import_module("svc_participants.people.commands")
people: Any = importlib.import_module("svc_participants.people.repository")
people_schema: Any = importlib.import_module("svc_participants.people.schema")
referrals: Any = importlib.import_module("svc_participants.referrals.repository")
referral_queries: Any = importlib.import_module("svc_participants.referrals.schema.queries")


@dataclass(frozen=True)
class Leak:
    """One planted leak.

    Attributes:
        row: of the catalogue of leak channels, or of bypasses.
        plant: takes the product's parts apart.
        matrix: another agreement, for leaks by policy.
        tables: near misses: hidden rows of these tables are edited.
        roles: who is asked as; empty for everybody.
    """

    name: str
    row: str
    plant: Plant | None = None
    matrix: Callable[[], Matrix] | None = None
    tables: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


def _open_fence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gateway_decisions.ConsentGuard, "mask", lambda *_: -1)


def _always(module: Any, *names: str) -> Plant:
    """Take a service's narrowing down for some rows, and the gateway's fence with it."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        _open_fence(patch)
        # Whoever may see nothing at all of somebody does not get as far as the rows.
        patch.setattr(people, "present", lambda *_: true())
        for name in names:
            patch.setattr(module, name, lambda *_, **__: true())

    return plant


def _counts_all(pages: Any) -> Plant:
    """Count a nested list over all rows of its owner."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        sound = pages._pages

        async def counting(self: Any, session: Any, owners: Any, request: Any) -> Any:
            found = await sound(self, session, owners, request)
            for owner_id, page in found.items():
                rows = select(func.count()).where(pages.owner == owner_id)
                total = await session.scalar(rows.select_from(pages.row))
                found[owner_id] = replace(page, total=total)
            return found

        patch.setattr(pages, "_pages", counting)

    return plant


def _more_pages(pages: Any) -> Plant:
    """Let it hang on how many rows there are, seen or not, whether a page follows."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        sound = pages._pages

        async def counting(self: Any, session: Any, owners: Any, request: Any) -> Any:
            found = await sound(self, session, owners, request)
            for owner_id, page in found.items():
                rows = select(func.count()).where(pages.owner == owner_id)
                total = await session.scalar(rows.select_from(pages.row))
                found[owner_id] = replace(page, has_next=total % 2 == 1)
            return found

        patch.setattr(pages, "_pages", counting)

    return plant


def _list_in_hidden_order(patch: pytest.MonkeyPatch) -> None:
    """Sort a page of people by how many notes there are about them."""
    sound = lists.identified_page
    busy = (
        select(func.max(notes.CaseNoteRow.text))
        .where(notes.CaseNoteRow.participant_id == ParticipantRow.id)
        .scalar_subquery()
    )

    async def sorting(session: Any, caller: Any, request: Any, choice: Any) -> Page[Any]:
        page = await sound(session, caller, request, choice)
        listed = {each.row.id: each for each in page.rows}
        found = await session.scalars(
            select(ParticipantRow.id)
            .where(ParticipantRow.id.in_(list(listed)))
            .order_by(busy, ParticipantRow.id)
        )
        return Page([listed[each] for each in found], page.has_next, page.total)

    patch.setattr(lists, "identified_page", sorting)


def _list_total_of_all(patch: pytest.MonkeyPatch) -> None:
    """Count everybody with a family name of some kind, seen or not."""
    sound = lists.identified_page

    async def counting(session: Any, caller: Any, request: Any, choice: Any) -> Page[Any]:
        page = await sound(session, caller, request, choice)
        total = await session.scalar(
            select(func.count()).where(ParticipantRow.family_name.like("%Zzz"))
        )
        return Page(page.rows, page.has_next, (page.total or 0) + (total or 0))

    patch.setattr(lists, "identified_page", counting)


def _own_referrals_of_all(patch: pytest.MonkeyPatch) -> None:
    """Count in one's own list what others have handed in."""
    sound = referrals.own_page

    async def counting(session: Any, caller: Any, request: Any) -> Page[ReferralRow]:
        page = await sound(session, caller, request)
        total = await session.scalar(select(func.count()).select_from(ReferralRow))
        return Page(page.rows, page.has_next, total)

    patch.setattr(referrals, "own_page", counting)


def _queue_of_all(patch: pytest.MonkeyPatch) -> None:
    """Count in the queue what awaits somebody else's decision."""
    sound = referrals.queue_page

    async def counting(session: Any, caller: Any, request: Any, choice: Any) -> Page[ReferralRow]:
        page = await sound(session, caller, request, choice)
        waiting = select(func.count()).where(ReferralRow.status.in_(referrals._AWAITING))
        return Page(page.rows, page.has_next, await session.scalar(waiting))

    patch.setattr(referrals, "queue_page", counting)


def _error_for_hidden_person(patch: pytest.MonkeyPatch) -> None:
    """Fail for somebody who is there and hidden, and say null for an absent one."""
    sound = people_schema.load_participant

    async def telling(info: Info, participant_id: object) -> Any:
        found = await sound(info, participant_id)
        if found is None:
            key = people_schema.parse_id(participant_id)
            async with people_schema.context_of(info).reading() as session:
                if await session.get(ParticipantRow, key) is not None:
                    raise RuntimeError("hidden")
        return found

    patch.setattr(people_schema, "load_participant", telling)


def _error_for_hidden_referral(patch: pytest.MonkeyPatch) -> None:
    sound = referral_queries.load_referral

    async def telling(info: Info, referral_id: object) -> Any:
        found = await sound(info, referral_id)
        if found is None:
            async with referral_queries.context_of(info).reading() as session:
                row = await session.get(ReferralRow, people_schema.parse_id(referral_id))
                if row is not None:
                    raise RuntimeError("hidden")
        return found

    patch.setattr(referral_queries, "load_referral", telling)


def _forbidden_instead_of_absent(patch: pytest.MonkeyPatch) -> None:
    """Tell who may not write about somebody that there is somebody."""
    sound = people_commands.require_writable

    async def telling(session: Any, caller: Any, category: Any, participant_id: str) -> Any:
        key = people_schema.parse_id(participant_id)
        row = None if key is None else await session.get(ParticipantRow, key)
        if row is not None and not await people.writable(session, caller, category, row.id):
            raise CommandError("FORBIDDEN", "Not yours.")
        return await sound(session, caller, category, participant_id)

    patch.setattr(people_commands, "require_writable", telling)


def _consent_forbidden_instead_of_absent(patch: pytest.MonkeyPatch) -> None:
    """Tell who may not see releases that a release of this person exists."""
    sound = release_commands.repository.may_see

    async def telling(session: Any, caller: Any, participant_id: Any) -> bool:
        may = await sound(session, caller, participant_id)
        held = await session.scalar(
            select(func.count()).where(releases.Release.participant_id == participant_id)
        )
        if not may and held:
            raise CommandError("FORBIDDEN", "Not yours.")
        return bool(may)

    patch.setattr(release_commands.repository, "may_see", telling)


class _Rows:
    """What the last page of people left out: for headers that tell it."""

    left_out = 0


def _count_for_header(patch: pytest.MonkeyPatch) -> None:
    sound = people.PeopleLoader.collect

    def counting(self: Any, rows: Any) -> Any:
        found = sound(self, rows)
        _Rows.left_out = len(found)
        return found

    patch.setattr(people.PeopleLoader, "collect", counting)
    patch.setattr(people, "present", lambda *_: true())


def _cost_header(patch: pytest.MonkeyPatch) -> None:
    """Report a cost that rises with rows that were read and not shown."""
    _count_for_header(patch)
    sound = edge._respond

    def respond(answer: Any, media_type: str) -> Any:
        response = sound(answer, media_type)
        response.headers["x-cost"] = str(_Rows.left_out)
        _Rows.left_out = 0
        return response

    patch.setattr(edge, "_respond", respond)


def _padded_body(patch: pytest.MonkeyPatch) -> None:
    """Make the body longer for rows that were read and not shown."""
    _count_for_header(patch)
    sound = edge._respond

    def respond(answer: Any, media_type: str) -> Any:
        answer.body.setdefault("extensions", {})["pad"] = "x" * _Rows.left_out
        _Rows.left_out = 0
        return sound(answer, media_type)

    patch.setattr(edge, "_respond", respond)


def _shared_decisions(patch: pytest.MonkeyPatch) -> None:
    """Keep decisions by participant alone: what one may see, all may."""
    sound = gateway_decisions.DecisionCache.put

    def get(self: Any, _recipient: Any, participant: str) -> Any:
        return next((d[participant] for d in self._recipients.values() if participant in d), None)

    def put(self: Any, recipient: Any, participant: str, decision: Any) -> None:
        decision = replace(decision, mask=decision.mask or 0)
        sound(self, recipient, participant, decision)

    patch.setattr(gateway_decisions.DecisionCache, "get", get)
    patch.setattr(gateway_decisions.DecisionCache, "put", put)
    for module in (people, notes, goals, housing):
        patch.setattr(module, "visible" if module is people else "holding", lambda *_, **__: true())
    patch.setattr(people, "present", lambda *_: true())


def _docket_without_participants(patch: pytest.MonkeyPatch) -> None:
    """Leave cases with a match out of the public record."""

    def is_public(caller: Any) -> Any:
        matched = select(LeadLink.case_id).where(LeadLink.coordination_status == "DECLINED")
        case = public_cases.LegalCase
        return (
            case.filed_on.is_not(None)
            & public_cases.true_or_false(caller)
            & case.id.not_in(matched)
        )

    patch.setattr(public_cases, "true_or_false", _may_read, raising=False)
    patch.setattr(public_cases, "is_public", is_public)


def _may_read(caller: Any) -> Any:
    return true() if public_cases.may_read_record(caller) else ~true()


def _summary_tells_of_drafts(patch: pytest.MonkeyPatch) -> None:
    """Say nothing at all, instead of nothing to add, where a wording is not approved."""
    sound = summaries.StandingLoader.statement

    def statement(self: Any, caller: Any) -> Any:
        drafts = select(summaries.ProgressSummaryRow.participant_id).where(
            or_(
                summaries.ProgressSummaryRow.barriers == "many",
                summaries.ProgressSummaryRow.statement == "worse",
                summaries.ProgressSummaryRow.engagement.is_(None),
            )
        )
        return sound(self, caller).where(ParticipantRow.id.not_in(drafts))

    patch.setattr(summaries.StandingLoader, "statement", statement)


def _with_cell(column: str, category: str, grounds: str, form: Form | None = None) -> Any:
    """Return an agreement with one more open cell."""

    def matrix() -> Matrix:
        sound = load_matrix()
        cells: Mapping[Category, Cell] = {
            **sound.columns[column],
            Category(category): Cell(CellKind.CONSENT, grounds, form),
        }
        return replace(sound, columns={**sound.columns, column: cells})

    return matrix


def _by_policy(
    name: str, column: str, category: str, grounds: str, *tables: str, row: str = "AZ-01"
) -> Leak:
    """Return a leak by an agreement with one cell too open, of whom that cell serves."""
    role = column.partition(":")[0]
    return Leak(name, row, None, _with_cell(column, category, grounds), tables, (role,))


LEAKS: tuple[Leak, ...] = (
    Leak("notes-narrowing", "LK-01", _always(notes, "note_visible"), tables=("case_note",)),
    Leak("goals-narrowing", "LK-01", _always(goals, "goal_visible"), tables=("goal",)),
    Leak(
        "housing-narrowing",
        "LK-01",
        _always(housing, "housing_visible"),
        tables=("housing_status",),
    ),
    Leak(
        "wordings-narrowing",
        "LK-01",
        _always(summaries, "summary_visible"),
        tables=("progress_summary",),
    ),
    Leak("standing-summary", "LK-03", _always(summaries, "visible"), tables=("progress_summary",)),
    Leak(
        "enrollments-narrowing",
        "LK-01",
        _always(enrollments, "enrollment_visible"),
        tables=("enrollment",),
    ),
    Leak("enrolled-on", "LK-28", _always(enrollments, "visible"), tables=("enrollment",)),
    Leak(
        "assignments-narrowing",
        "LK-01",
        _always(caseloads, "assignment_visible"),
        tables=("caseload_assignment",),
    ),
    Leak(
        "person-narrowing",
        "LK-01",
        _always(people, "visible"),
        tables=(
            "participant_contact",
            "participant_demographics",
            "participant_alias",
            "participant",
        ),
    ),
    Leak("referral-forms", "LK-01", _always(referrals, "form_visible"), tables=("referral",)),
    Leak("referral-outcomes", "LK-01", _always(referrals, "outcome_visible"), tables=("referral",)),
    Leak(
        "matches", "LK-12", _always(matches, "sees_match"), tables=("lead_link", "filing_decision")
    ),
    Leak(
        "warrants",
        "LK-01",
        _always(matches, "visible"),
        tables=("warrant", "filing_decision", "lead_link"),
    ),
    Leak(
        "agenda-without-pledge",
        "LK-09",
        _always(conferences, "item_visible", "visible"),
        tables=("owg_item", "owg_note", "owg_action"),
    ),
    Leak("letters", "LK-01", _always(letters, "letter_visible"), tables=("court_letter",)),
    Leak("releases", "LK-33", _always(releases, "_visible"), tables=("release",)),
    Leak(
        "notes-counted",
        "LK-09",
        _counts_all(notes.NotesOfParticipant),
        tables=("case_note",),
        roles=("CM", "SUP", "PAR", "REP"),
    ),
    Leak(
        "goals-counted",
        "LK-09",
        _counts_all(goals.GoalsOfParticipant),
        tables=("goal",),
        roles=("CM", "SUP", "PM", "DEF", "SVC"),
    ),
    Leak(
        "housing-counted",
        "LK-09",
        _counts_all(housing.HousingOfParticipant),
        tables=("housing_status",),
        roles=("CM", "SUP", "SVC", "PM"),
    ),
    Leak(
        "notes-next-page",
        "LK-05",
        _more_pages(notes.NotesOfParticipant),
        tables=("case_note",),
        roles=("CM", "SUP"),
    ),
    Leak(
        "goals-next-page",
        "LK-05",
        _more_pages(goals.GoalsOfParticipant),
        tables=("goal",),
        roles=("CM", "SUP", "PM"),
    ),
    Leak(
        "housing-next-page",
        "LK-05",
        _more_pages(housing.HousingOfParticipant),
        tables=("housing_status",),
        roles=("CM", "SUP", "SVC"),
    ),
    Leak(
        "people-in-hidden-order",
        "LK-07",
        _list_in_hidden_order,
        tables=("case_note",),
        roles=("PM", "DEF", "SVC", "CM"),
    ),
    Leak(
        "people-total",
        "LK-09",
        _list_total_of_all,
        tables=("participant",),
        roles=("PM", "DEF", "SVC", "CM", "SUP"),
    ),
    Leak("own-referrals-total", "LK-09", _own_referrals_of_all, tables=("referral",)),
    Leak("queue-total", "LK-09", _queue_of_all, tables=("referral",), roles=("PM", "CM", "SUP")),
    Leak("error-for-hidden-person", "LK-04", _error_for_hidden_person, tables=("@person",)),
    Leak("error-for-hidden-referral", "LK-04", _error_for_hidden_referral, tables=("@referral",)),
    Leak(
        "write-tells-of-a-person",
        "LK-13",
        _forbidden_instead_of_absent,
        tables=("@person",),
        roles=("CM", "SUP"),
    ),
    Leak(
        "consent-tells-of-a-person",
        "LK-12",
        _consent_forbidden_instead_of_absent,
        tables=("@person",),
        roles=("CM", "SUP", "PAR"),
    ),
    Leak("cost-header", "LK-17", _cost_header, tables=("@person",)),
    Leak("padded-body", "LK-15", _padded_body, tables=("@person",)),
    Leak(
        "shared-decisions", "LK-20", _shared_decisions, tables=("participant", "case_note", "goal")
    ),
    Leak(
        "public-record-without-matched",
        "LK-12",
        _docket_without_participants,
        tables=("lead_link",),
    ),
    Leak(
        "summary-tells-of-drafts",
        "LK-03",
        _summary_tells_of_drafts,
        tables=("progress_summary",),
        roles=("LEO", "LEL", "PRO", "PRB"),
    ),
    _by_policy("police-goals", "LEO", "GOALS_PLAN", "r", "goal"),
    _by_policy("police-contact", "LEO", "CONTACT", "r", "participant_contact"),
    _by_policy("project-office-notes", "PM", "CASE_NOTES", "g|r", "case_note"),
    _by_policy(
        "project-office-names-for-ever", "PM", "IDENTITY", "*", "participant", "participant_alias"
    ),
    _by_policy(
        "any-prosecutor", "PRO:not_liaison", "IDENTITY", "*", "participant", "participant_alias"
    ),
    _by_policy("unassigned-case-manager", "CM", "CASE_NOTES", "o|r", "case_note"),
    _by_policy("case-manager-contact", "CM", "CONTACT", "o|r", "participant_contact"),
    _by_policy("any-defender", "DEF", "IDENTITY", "r", "participant", "participant_alias"),
    _by_policy("liaison-reasons", "PRO", "LEGAL_COORD", "r", "filing_decision", row="AZ-08"),
    _by_policy("housing-plans", "SVC:HOUSING", "GOALS_PLAN", "r", "goal"),
    _by_policy("supervisor-of-all", "SUP", "CASE_NOTES", "*", "case_note"),
    _by_policy("probation-names", "PRB", "IDENTITY", "*", "participant", "participant_alias"),
    _by_policy("conference-notes", "LEL", "OWG", "rk", "owg_note"),
)


def plant(leak: Leak, patch: pytest.MonkeyPatch) -> None:
    """Plant a leak; statements made before are forgotten."""
    if leak.plant is not None:
        leak.plant(patch)
    KeptStatements.forget_all()
