"""Composition root of the training service."""

from starlette.applications import Starlette

from infra.indicators.publishing import Publisher
from infra.subgraph_app import Chassis, create_app
from svc_training.background import BackgroundWork
from svc_training.calendars.door import CalendarDoor
from svc_training.indicators.counted import TrainingFigures
from svc_training.subgraph import schema


def app(chassis: Chassis) -> Starlette:
    """Return the application, made of the parts given."""
    work = BackgroundWork(chassis.database, chassis.handover)
    publisher = Publisher(chassis.database, TrainingFigures())
    return create_app(
        chassis,
        schema(),
        routes=CalendarDoor(chassis).routes(),
        on_start=[work.start, publisher.start],
        on_stop=[publisher.stop, work.stop],
    )
