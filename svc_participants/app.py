"""Composition root of the service."""

from starlette.applications import Starlette

from infra.indicators.publishing import Publisher
from infra.subgraph_app import Chassis, create_app
from svc_participants.indicators.counted import ParticipantFigures
from svc_participants.referrals.public_door import PublicDoor
from svc_participants.subgraph import schema


def app(chassis: Chassis) -> Starlette:
    """Return the application."""
    publisher = Publisher(chassis.database, ParticipantFigures())
    return create_app(
        chassis,
        schema(),
        routes=PublicDoor(chassis).routes(),
        on_start=[publisher.start],
        on_stop=[publisher.stop],
    )
