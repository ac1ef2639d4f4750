"""Composition root of the service."""

from starlette.applications import Starlette

from infra.subgraph_app import Chassis, create_app
from svc_participants.subgraph import schema


def app(chassis: Chassis) -> Starlette:
    """Return the application."""
    return create_app(chassis, schema())
