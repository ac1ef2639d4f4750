"""Every page of the console is among those that a browser looks at, or excepted with a reason."""

import re
from collections.abc import Iterable, Sequence
from typing import cast

from starlette.routing import Match, Route

from gateway.pipeline import Pipeline
from gateway.web.console.app import Console
from gateway.web.console.shared_ends import Ends
from gateway.web.console.views.training_files import BadgeOf
from infra.dev.screenshots.shots import SHOTS, Shot
from tests.gateway.web.console.test_session import settings_of

_ELSEWHERE = "tests/platform/console"
EXCEPTED = {
    "/": "leads to the start page",
    "/console": "leads to the start page",
    "/console/static/{name:path}": "styles, scripts and the typeface",
    "/console/login": "leads to the issuer's page",
    "/console/callback": "takes the issuer's answer, and leads on",
    "/console/acting": f"leads on who has one role; with two: {_ELSEWHERE}/test_standing.py",
    "/console/training/calendar/sessions.ics": "a file",
    "/console/training/catalogue/{table}.csv": "a file",
    "/console/training/files/{table}.csv": "a file",
    **dict.fromkeys(
        (
            f"/console/{each}.csv"
            for each in (
                "library",
                "training/requirements",
                "training/exemptions",
                "training/outside",
                "training/differences",
                "training/statewide",
                "training/courses/{number}/prerequisites",
            )
        ),
        "a file",
    ),
    "/console/training/documents/{id}": "a file",
    "/console/training/certificates/{id}/badge.jwt": "a file",
    "/console/people/{id}/releases/{release}/copy.pdf": "a file",
    "/console/record/releases/{release}/copy.pdf": "a file",
    "/console/agency/agreements/documents/{document}": "a file",
    "/console/agencies/{id}/agreements/documents/{document}": "a file",
    "/graphiql": f"a tool that others make, for developers; {_ELSEWHERE}/test_paths.py uses it",
}
"""Addresses that answer a GET and are no page of ours."""


def routes() -> list[Route]:
    """Return every address of the console, in the order in which they are tried."""
    console = Console(
        cast("Pipeline", None), settings_of(), (), nobody_verifies, cast("Ends", None)
    )
    return list(console.routes(cast("BadgeOf", None)))


async def nobody_verifies(_token: str) -> None:
    """Stand for the check of logout tokens: no request comes."""


def answering(route: Route, path: str) -> bool:
    match, _ = route.matches({"type": "http", "method": "GET", "path": path, "headers": []})
    return match is Match.FULL


def never_shown(tried: Sequence[Route], shots: Iterable[Shot]) -> set[str]:
    """Return the addresses that answer a GET and that no shot comes to."""
    paths = {re.sub(r"\{[^}]*\}", "x", shot.path).partition("?")[0] for shot in shots}
    shown = {next(route.path for route in tried if answering(route, path)) for path in paths}
    return {route.path for route in tried if "GET" in (route.methods or ())} - shown


def test_every_page_is_shown_or_excepted() -> None:
    assert never_shown(routes(), SHOTS) == set(EXCEPTED)


def test_planted_pages_without_a_shot_are_named() -> None:
    """One that is new, and one whose shot somebody took away."""
    new = Route("/console/training/forecast", lambda _: None)
    fewer = [shot for shot in SHOTS if shot.name != "batch"]
    named = never_shown([new, *routes()], fewer) - set(EXCEPTED)
    assert named == {"/console/training/forecast", "/console/training/batches/{id}"}


def test_names_of_shots_are_their_own() -> None:
    names = [shot.name for shot in SHOTS]
    assert sorted(set(names)) == sorted(names)
