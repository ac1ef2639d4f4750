"""Sealed sessions: nobody else's, nobody's for ever, and small enough for a cookie."""

import base64
import secrets
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from gateway.settings import ConsoleSettings
from gateway.web.console.sealing import FormTokens, Seal, read_key
from gateway.web.console.session import (
    ABSOLUTE_SECONDS,
    IDLE_SECONDS,
    Session,
    SessionKeeper,
    SessionTooLargeError,
    Standing,
    packed,
    unpacked,
)
from infra import clock
from infra.settings import Secret, SettingsError

KEY = secrets.token_bytes(32)
LONG_AGO = 1_000_000


def settings_of(url: str = "https://lead.example") -> ConsoleSettings:
    return ConsoleSettings(
        public_url=url,
        client_id="console",
        client_secret=Secret("s"),
        issuer_url="https://issuer.example",
        key=Secret(base64.b64encode(KEY).decode()),
        is_secure=url.startswith("https"),
        is_production=False,
    )


def a_session(**changes: object) -> Session:
    now = clock.epoch_seconds()
    made = Session(
        id="0123456789abcdef",
        name="Robin Sample-Ruiz",
        language="en",
        access_token="eyJ.a.b",
        access_ends_at=now + 600,
        refresh_token="r",
        id_token="eyJ.i.d",
        started_at=now,
        seen_at=now,
        subject="persona:officer",
        sid="s-1",
        standing=Standing("g", "LEO", "a", "Police", "Cedar Falls", "America/Los_Angeles"),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # names are the dataclass's own


def request_with(cookie: str, value: str) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", f"{cookie}={value}".encode())]})


def cookie_of(response: Response) -> tuple[str, str]:
    header = response.headers["set-cookie"]
    name, _, rest = header.partition("=")
    return name, rest.partition(";")[0]


def kept(keeper: SessionKeeper, session: Session) -> Session | None:
    """Return what comes back after a session went through the browser."""
    response = Response()
    keeper.write(response, session)
    return keeper.read(request_with(*cookie_of(response)))


def test_a_session_comes_back_as_it_was() -> None:
    session = a_session()
    assert kept(SessionKeeper(settings_of(), KEY), session) == session
    without = a_session(standing=None, refresh_token=None, id_token=None)
    assert unpacked(packed(without)) == without


def test_behind_tls_the_cookie_is_bound_to_the_host() -> None:
    keeper, response = SessionKeeper(settings_of(), KEY), Response()
    keeper.write(response, a_session())
    header = response.headers["set-cookie"]
    assert header.startswith("__Host-gt-session=")
    for part in ("HttpOnly", "Path=/", "SameSite=lax", "Secure"):
        assert part.lower() in header.lower()
    assert "domain" not in header.lower()


def test_another_key_another_use_and_changed_text_open_nothing() -> None:
    seal = Seal(KEY, "session")
    text = seal.seal(b"payload")
    assert seal.open(text) == b"payload"
    assert Seal(KEY, "attempt").open(text) is None
    assert Seal(secrets.token_bytes(32), "session").open(text) is None
    for changed in (text[:-1], text + "A", "", "!", text[1:], text.swapcase()):
        assert seal.open(changed) is None


@settings(max_examples=200)
@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_no_text_of_others_opens_or_raises(noise: bytes) -> None:
    text = noise.decode("latin-1")
    assert Seal(KEY, "session").open(text) is None
    assert unpacked(noise) is None or isinstance(unpacked(noise), Session)


@pytest.mark.parametrize(
    ("changes", "is_live"),
    [
        ({}, True),
        ({"seen": -IDLE_SECONDS - 2}, False),
        ({"seen": -IDLE_SECONDS + 60}, True),
        ({"started": -ABSOLUTE_SECONDS - 2}, False),
    ],
    ids=["fresh", "idle for too long", "idle", "too old"],
)
def test_a_session_ends_by_idling_and_by_age(changes: dict[str, int], is_live: bool) -> None:
    now = clock.epoch_seconds()
    session = a_session(
        started_at=now + changes.get("started", 0), seen_at=now + changes.get("seen", 0)
    )
    keeper = SessionKeeper(settings_of(), KEY)
    value = Seal(KEY, "session").seal(packed(session))
    assert (keeper.read(request_with(keeper.cookie, value)) is not None) is is_live


async def test_a_session_that_was_signed_out_is_refused_although_its_cookie_is_good() -> None:
    keeper, response = SessionKeeper(settings_of(), KEY), Response()
    session = a_session()
    keeper.write(response, session)
    copy = request_with(*cookie_of(response))
    assert keeper.read(copy) == session
    gone = Response()
    await keeper.clear(gone, session)
    assert "Max-Age=0" in gone.headers["set-cookie"]
    assert keeper.read(copy) is None


def test_tokens_that_do_not_fit_are_left_out_or_refused() -> None:
    keeper = SessionKeeper(settings_of(), KEY)
    large = a_session(id_token=secrets.token_urlsafe(3200))
    back = kept(keeper, large)
    assert back is not None
    assert back.id_token is None
    assert back.access_token == large.access_token
    with pytest.raises(SessionTooLargeError):
        keeper.write(Response(), a_session(access_token=secrets.token_urlsafe(4000)))


def test_a_cookie_of_another_version_is_no_session() -> None:
    for payload in (b"[]", b"{}", b"[1,2]", b"null", b"\xff"):
        assert unpacked(payload) is None


@pytest.mark.parametrize("key", ["", "short", base64.b64encode(b"x" * 31).decode(), "*" * 44])
def test_a_key_that_is_none_stops_the_start(key: str) -> None:
    with pytest.raises(SettingsError, match="GT_CONSOLE_KEY"):
        read_key(Secret(key))


def test_form_tokens_belong_to_one_session() -> None:
    tokens = FormTokens(KEY)
    assert tokens.is_of("a", tokens.token("a"))
    assert not tokens.is_of("a", tokens.token("b"))
    assert not tokens.is_of("a", FormTokens(secrets.token_bytes(32)).token("a"))
    for other in (None, "", "é", b"x"):
        assert not tokens.is_of("a", other)
