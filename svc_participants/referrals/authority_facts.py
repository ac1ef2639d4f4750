"""Which authority facts a referral makes true, and for how long.

A referrer keeps the own form (AUTHOR). The site's project management agency sees form and outcome
as long as the referral exists, and who the person is while it is being screened (SCREENING). The
officer's own agency sees that it awaits a decision. The provider to whom it is handed has the
person among its own (OWN_AGENCY). A form that came in from the public has no author here.
"""

from datetime import datetime
from uuid import UUID

from infra.authority.changes import (
    Operation,
    VisibilityFact,
    delete_visibility,
    put_visibility,
)
from infra.authority.predicate import agency_holder, subject_holder
from infra.vocabulary import Basis, Category
from svc_participants.referrals import rules
from svc_participants.referrals.tables import ReferralRow

_WHO = (Category.IDENTITY, Category.CONTACT)
_RECORD = (Category.REFERRAL, Category.ELIGIBILITY)


def author_fact(row: ReferralRow) -> Operation:
    """Return the fact that opens the own form to its author."""
    return put_visibility(
        VisibilityFact(
            id=rules.fact_id("author", row.id, row.author_subject),
            participant_id=row.participant_id,
            holder=subject_holder(row.author_subject),
            basis=Basis.AUTHOR,
            category=Category.REFERRAL,
            starts_at=row.submitted_at,
            source_id=row.id,
        )
    )


def _screening_fact(row: ReferralRow, agency_id: UUID, category: Category) -> Operation:
    return put_visibility(
        VisibilityFact(
            id=screening_id(row.id, agency_id, category),
            participant_id=row.participant_id,
            holder=agency_holder(str(agency_id), str(row.site_id)),
            basis=Basis.SCREENING,
            category=category,
            starts_at=row.submitted_at,
            source_id=row.id,
        )
    )


def screening_id(referral_id: UUID, agency_id: UUID, category: Category) -> UUID:
    """Return the id of the fact that an agency screens a referral."""
    return rules.fact_id(f"screening:{category}", referral_id, str(agency_id))


def screening_facts(row: ReferralRow, project_agency_id: UUID | None) -> list[Operation]:
    """Return the facts that a referral in its present status makes true for those who screen."""
    status, facts = rules.ReferralStatus(row.status), []
    if project_agency_id is not None:
        open_to_project = _RECORD if status in rules.SCREENING_ENDED else (*_RECORD, *_WHO)
        facts += [_screening_fact(row, project_agency_id, each) for each in open_to_project]
    if status in rules.AWAITING_DECISION and row.door != rules.Door.COMMUNITY.value:
        facts.append(_screening_fact(row, row.author_agency_id, Category.ELIGIBILITY))
    return facts


def end_of_identity_facts(referral_id: UUID, project_agency_id: UUID | None) -> list[Operation]:
    """Return the operations that take who the person is from the project management agency."""
    if project_agency_id is None:
        return []
    return [delete_visibility(screening_id(referral_id, project_agency_id, c)) for c in _WHO]


def own_agency_fact(person: UUID, agency_id: UUID, site_id: UUID, since: datetime) -> Operation:
    """Return the fact that a participant is among a provider's own at a site."""
    return put_visibility(
        VisibilityFact(
            id=own_agency_fact_id(person, agency_id, site_id),
            participant_id=person,
            holder=agency_holder(str(agency_id), str(site_id)),
            basis=Basis.OWN_AGENCY,
            starts_at=since,
        )
    )


def own_agency_fact_id(participant_id: UUID, agency_id: UUID, site_id: UUID) -> UUID:
    """Return the id of that fact; the same from hand-over to enrollment and after."""
    return rules.fact_id("own-agency", participant_id, f"{agency_id}@{site_id}")


def facts_of(row: ReferralRow, project_agency_id: UUID | None) -> list[Operation]:
    """Return all facts that a referral in its present status makes true."""
    of_author = [] if row.author_subject == rules.THE_PUBLIC else [author_fact(row)]
    return [*of_author, *screening_facts(row, project_agency_id)]
