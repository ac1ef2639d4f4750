"""All statements about arranged services: GOALS_PLAN, and what the kind tells of."""

from sqlalchemy import ColumnElement, and_

from infra.identity_token import Caller
from infra.owner_pages import Order
from infra.vocabulary import Category
from svc_participants.care.arrangements.tables import ArrangementRow
from svc_participants.care.history.repository import moves_of
from svc_participants.care.keeping import loader_of, pages_of, unless_telling
from svc_participants.care.kinds import TELLING_HELP
from svc_participants.people.repository import holding

NEWEST_FIRST = Order((ArrangementRow.arranged_on, ArrangementRow.id), is_descending=True)


def arrangement_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this service"."""

    def permitted(category: Category) -> ColumnElement[bool]:
        return holding(
            caller,
            category,
            ArrangementRow.participant_id,
            ArrangementRow.agency_id,
            ArrangementRow.arranged_on,
        )

    return and_(
        permitted(Category.GOALS_PLAN),
        unless_telling(ArrangementRow.kind, TELLING_HELP, permitted),
    )


ArrangementLoader = loader_of(ArrangementRow, arrangement_visible)
ArrangementsOfParticipant = pages_of(ArrangementRow, arrangement_visible, NEWEST_FIRST)
MovesOfArrangement = moves_of(ArrangementRow, arrangement_visible)
