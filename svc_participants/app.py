"""Composition root of the service."""

from starlette.applications import Starlette

from infra.events import EventFeed
from infra.indicators.publishing import Publisher
from infra.subgraph_app import Chassis, create_app
from svc_participants.care.assessments.shelf import SHELF, UsedVersions
from svc_participants.indicators.counted import ParticipantFigures
from svc_participants.indicators.groups_door import GroupsDoor
from svc_participants.referrals.public_door import PublicDoor
from svc_participants.subgraph import schema


def app(chassis: Chassis) -> Starlette:
    """Return the application.

    Raises:
        InstrumentError: an instrument of assessment is not acceptable.
    """
    folder = chassis.settings.instruments_dir
    SHELF.fill(folder)
    used = UsedVersions(chassis.database, folder)
    publisher = Publisher(chassis.database, ParticipantFigures())
    events = EventFeed(chassis)
    return create_app(
        chassis,
        schema(),
        routes=[
            *PublicDoor(chassis).routes(),
            *GroupsDoor(chassis).routes(),
            *events.routes(),
        ],
        on_start=[used.start, publisher.start, events.start],
        on_stop=[events.stop, publisher.stop],
        on_stopping=[events.release],
        is_ready=used.is_ready,
    )
