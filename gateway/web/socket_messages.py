"""Messages of ``graphql-transport-ws``, read strictly and written.

Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import orjson

from gateway.exact_json import read_json, write_json

SUBPROTOCOL: Final = "graphql-transport-ws"
MAX_ID: Final = 128
_KINDS: Final = frozenset({"connection_init", "ping", "pong", "subscribe", "complete"})
_WITH_ID: Final = frozenset({"subscribe", "complete"})


class Close(IntEnum):
    """Why a connection is closed; the numbers are the protocol's, and RFC 6455's from 1000 on."""

    RESTART = 1012
    LATER = 1013
    BAD_MESSAGE = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL = 4406
    INIT_TIMEOUT = 4408
    DUPLICATE = 4409
    TOO_MANY = 4429


OF_STATUS: Final = {
    400: Close.BAD_MESSAGE,
    401: Close.UNAUTHORIZED,
    403: Close.FORBIDDEN,
    429: Close.TOO_MANY,
}


class SocketClosedError(Exception):
    """The connection is to be closed.

    Attributes:
        code: with which code.
        reason: a code of ours, never a word of the client's.
    """

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason[:120]


@dataclass(frozen=True, slots=True)
class Message:
    """What a client sent."""

    kind: str
    id: str
    payload: Any


def read(text: str | None) -> Message:
    """Return a message.

    Raises:
        SocketClosedError: 4400, it is none.
    """
    try:
        given = read_json((text or "").encode(errors="surrogatepass"))
    except orjson.JSONDecodeError:
        raise SocketClosedError(Close.BAD_MESSAGE, "BAD_REQUEST") from None
    if not isinstance(given, dict) or given.get("type") not in _KINDS:
        raise SocketClosedError(Close.BAD_MESSAGE, "BAD_REQUEST")
    kind, number = given["type"], given.get("id", "")
    has_id = isinstance(number, str) and 0 < len(number) <= MAX_ID
    if kind in _WITH_ID and not has_id:
        raise SocketClosedError(Close.BAD_MESSAGE, "BAD_REQUEST")
    return Message(kind, number if has_id else "", given.get("payload"))


def write(kind: str, number: str | None = None, payload: object = None) -> str:
    """Return a message as text."""
    message: dict[str, object] = {"type": kind}
    if number is not None:
        message["id"] = number
    if payload is not None:
        message["payload"] = payload
    return write_json(message).decode()


def init_headers(payload: object) -> Mapping[str, str]:
    """Return what ``connection_init`` says as the headers that would say it.

    Raises:
        SocketClosedError: 4400, not an object of texts.
    """
    known = {
        "authorization": "authorization",
        "dpop": "dpop",
        "purposeOfUse": "purpose-of-use",
        "actingGrant": "acting-grant",
    }
    if payload is None:
        return {}
    if not isinstance(payload, dict):
        raise SocketClosedError(Close.BAD_MESSAGE, "BAD_REQUEST")
    found = {known[name]: value for name, value in payload.items() if name in known}
    for value in found.values():
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise SocketClosedError(Close.BAD_MESSAGE, "BAD_REQUEST")
    return found
