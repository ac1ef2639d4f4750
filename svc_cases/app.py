"""The cases service as an application."""

from starlette.applications import Starlette

from infra.subgraph_app import Chassis, create_app
from svc_cases.subgraph import schema


def app(chassis: Chassis) -> Starlette:
    """Return the service's application."""
    return create_app(chassis, schema())
