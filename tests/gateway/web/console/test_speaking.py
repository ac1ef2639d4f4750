"""The language of the own record: chosen here, else recorded, else the browser's."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest
from starlette.requests import Request
from starlette.responses import Response

from gateway.settings import ConsoleSettings
from gateway.web.console.asking import Client, RefusedError
from gateway.web.console.sealing import Seal
from gateway.web.console.session import Session, Standing
from gateway.web.console.speaking import Speaking
from infra.settings import Secret

KEY = b"k" * 32
SETTINGS = ConsoleSettings(
    public_url="https://platform.test", client_id="console", client_secret=Secret("s"),
    issuer_url="https://issuer.test", key=Secret("k"), is_secure=True, is_production=True,
)  # fmt: skip
ANN = Session(
    id="1", name="Ann", language="en", access_token="t", access_ends_at=0, refresh_token=None,
    id_token=None, started_at=0, seen_at=0, subject="ann", sid=None,
    standing=Standing("g", "PAR", "a", "", "Cedar Falls", "UTC"),
)  # fmt: skip


class Asked:
    """Answers as the pipeline does, and counts."""

    def __init__(self, recorded: str | None, refused: bool = False) -> None:
        self.recorded, self.refused, self.times = recorded, refused, 0

    async def run(self, _session: Session, name: str, *, purpose: str) -> Any:
        self.times += 1
        assert (name, purpose) == ("OwnLanguage", "PATRQT")
        if self.refused:
            raise RefusedError("SERVICE_UNAVAILABLE")
        told = {"demographics": self.recorded and {"preferredLanguage": self.recorded}}
        found = {"participants": {"edges": [{"node": told}]}}
        return SimpleNamespace(data=found, is_partial=False)


def speaking(asked: Asked | None = None) -> Speaking:
    return Speaking(SETTINGS, KEY, cast("Client", asked or Asked(None)))


def request(cookie: str = "", accepts: str = "en") -> Request:
    sent = {"accept-language": accepts, "cookie": f"__Host-gt-language={cookie}"}
    headers = [(name.encode(), value.encode()) for name, value in sent.items()]
    return Request({"type": "http", "headers": headers})


def kept(session: Session) -> str:
    response = Response()
    speaking().keep(response, session)
    header = response.headers["set-cookie"]
    for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=31536000"):
        assert word in header
    return header.partition("=")[2].partition(";")[0]


@pytest.mark.parametrize(
    ("recorded", "begins_in"), [("es", "es"), ("es-MX", "es"), ("so", "en"), (None, "en")]
)
async def test_a_session_begins_in_what_the_record_says(
    recorded: str | None, begins_in: str
) -> None:
    assert await speaking(Asked(recorded)).language(request(), ANN) == begins_in


async def test_a_choice_comes_before_the_record_and_asks_it_nothing() -> None:
    asked = Asked("en")
    cookie = kept(replace(ANN, language="es"))
    assert await speaking(asked).language(request(cookie), ANN) == "es"
    assert asked.times == 0
    assert speaking().before_sign_in(request(cookie)) == "es"
    assert speaking().before_sign_in(request(accepts="es-US,en")) == "es"


async def _says_nothing_to_others() -> None:
    cookie = kept(replace(ANN, language="es"))
    bob = replace(ANN, subject="bob")
    assert await speaking(Asked("en")).language(request(cookie), bob) == "en"


async def test_the_next_person_at_the_same_computer_is_not_spoken_to_in_it() -> None:
    await _says_nothing_to_others()


async def test_a_choice_that_is_not_bound_to_who_made_it_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted twin of the test above."""
    real = Speaking._kept
    monkeypatch.setattr(Speaking, "_kept", lambda self, asked: ("bob", real(self, asked)[1]))
    with pytest.raises(AssertionError):
        await _says_nothing_to_others()


@pytest.mark.parametrize("language", ["xx", "es"])
async def test_a_cookie_from_elsewhere_is_no_choice(language: str) -> None:
    foreign = Seal(b"x" * 32 if language == "es" else KEY, "language")
    cookie = foreign.seal(orjson.dumps(["ann", language]))
    assert await speaking(Asked(None)).language(request(cookie), ANN) == "en"
    assert speaking().before_sign_in(request(cookie)) == "en"


async def test_staff_are_not_looked_up_and_an_outage_keeps_nobody_out() -> None:
    staff, away = Asked("es"), Asked("es", refused=True)
    manager = replace(ANN, standing=replace(cast("Standing", ANN.standing), role="CM"))
    assert await speaking(staff).language(request(), manager) == "en"
    assert staff.times == 0
    assert await speaking(away).language(request(), ANN) == "en"
    assert away.times == 2
