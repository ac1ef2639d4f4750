"""What the slices around the way in add to the schema, put together for ``subgraph``."""

import strawberry

from infra.schema_directives import category
from infra.vocabulary import Category
from svc_participants.contacts.schema import ContactFields, ContactMutation
from svc_participants.duplicates.schema import DuplicateFields, DuplicateMutation
from svc_participants.handoffs.news import HandoffSubscription
from svc_participants.handoffs.schema import HandoffFields, HandoffMutation, HandoffQuery
from svc_participants.outreach.schema import OutreachQuery
from svc_participants.people.schema import extend
from svc_participants.programmes.schema import (
    ProgrammeFields,
    ProgrammeMutation,
    ProgrammeQuery,
)
from svc_participants.referrals.schema import Referral
from svc_participants.screening.schema import ScreeningMutation, ScreeningQuery

_STRUCTURE = [category(Category.STRUCTURE)]
OF_PERSON = (ContactFields, DuplicateFields, ProgrammeFields)
"""What these slices add to ``Participant``."""

extend(Referral, HandoffFields)


@strawberry.type(directives=_STRUCTURE, description="Reading around the way in.")
class WayInQuery(ScreeningQuery, HandoffQuery, OutreachQuery, ProgrammeQuery):
    """Root fields of these slices."""


@strawberry.type(directives=_STRUCTURE, description="Changes around the way in.")
class WayInMutation(
    ScreeningMutation, HandoffMutation, ContactMutation, DuplicateMutation, ProgrammeMutation
):
    """Mutations of these slices."""


@strawberry.type(directives=_STRUCTURE, description="What there is to hear of the way in.")
class WayInSubscription(HandoffSubscription):
    """Root fields of streams of these slices."""
