"""Enums in GraphQL: every value described, or the build stops."""

from enum import StrEnum

import pytest
import strawberry

from infra.errors import BugError
from infra.schema_enums import described_enum


class Light(StrEnum):
    RED = "RED"
    GREEN = "GREEN"


def test_every_value_gets_its_description() -> None:
    words = {Light.RED: "Stop.", Light.GREEN: "Go."}
    assert described_enum(Light, "What to do.", words, name="TrafficLight") is Light

    @strawberry.type
    class Query:
        light: Light = Light.RED

    sdl = strawberry.Schema(query=Query).as_str()
    assert '"""What to do."""\nenum TrafficLight {\n  """Stop."""\n  RED' in sdl


def test_a_value_without_a_description_stops_the_build() -> None:
    with pytest.raises(BugError, match=r"Light\.GREEN has no description"):
        described_enum(Light, "What to do.", {Light.RED: "Stop."})
