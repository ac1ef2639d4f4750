"""The cases service as an application."""

from starlette.applications import Starlette

from infra.events import EventFeed
from infra.indicators.groups import RemoteGroups
from infra.indicators.publishing import Publisher
from infra.subgraph_app import Chassis, create_app
from svc_cases.indicators.counted import CaseFigures
from svc_cases.subgraph import schema


def app(chassis: Chassis) -> Starlette:
    """Return the service's application."""
    address = chassis.settings.participants_address
    groups = None if address is None else RemoteGroups(address.text, chassis.minter)
    publisher = Publisher(chassis.database, CaseFigures(groups))
    events = EventFeed(chassis)
    return create_app(
        chassis,
        schema(),
        routes=events.routes(),
        on_start=[publisher.start, events.start],
        on_stop=[events.stop, publisher.stop, *([] if groups is None else [groups.close])],
        on_stopping=[events.release],
    )
