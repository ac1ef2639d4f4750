"""The cases service as an application."""

from starlette.applications import Starlette

from infra.indicators.publishing import Publisher
from infra.subgraph_app import Chassis, create_app
from svc_cases.indicators.counted import CaseFigures
from svc_cases.subgraph import schema


def app(chassis: Chassis) -> Starlette:
    """Return the service's application."""
    publisher = Publisher(chassis.database, CaseFigures())
    return create_app(chassis, schema(), on_start=[publisher.start], on_stop=[publisher.stop])
