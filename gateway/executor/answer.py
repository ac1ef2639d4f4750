"""Read a subgraph's HTTP answer as a GraphQL response, or say why it is not one."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from gateway.executor.faults import UNAVAILABLE, UNUSABLE
from infra.http_client import HttpResponse

_FIRST_REDIRECT: Final = 300
_FIRST_CLIENT_ERROR: Final = 400
_FIRST_SERVER_ERROR: Final = 500
_MEDIA_TYPES: Final = frozenset({"", "application/json", "application/graphql-response+json"})
"""What an answer may say of itself; many servers say nothing at all."""


class UnusableAnswerError(Exception):
    """An answer without usable data; `code` is for clients, the text for the log."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """A GraphQL response."""

    data: dict[str, Any] | None
    errors: list[dict[str, Any]]
    extensions: dict[str, Any] | None


def read_answer(response: HttpResponse) -> Answer:
    """Parse and check the outermost shape (GraphQL over HTTP, section 6.4)."""
    if response.status >= _FIRST_SERVER_ERROR:
        raise UnusableAnswerError(UNAVAILABLE, f"HTTP status {response.status}")
    if _FIRST_REDIRECT <= response.status < _FIRST_CLIENT_ERROR:
        raise UnusableAnswerError(UNUSABLE, f"HTTP status {response.status}")
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _MEDIA_TYPES:
        raise UnusableAnswerError(UNUSABLE, "the answer is of another media type")
    try:
        parsed = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        reason = f"HTTP status {response.status}, body is not JSON"
        raise UnusableAnswerError(UNUSABLE, reason) from None
    if not isinstance(parsed, dict):
        raise UnusableAnswerError(UNUSABLE, "the response is not an object")
    data, errors = parsed.get("data"), parsed.get("errors")
    if data is not None and not isinstance(data, dict):
        raise UnusableAnswerError(UNUSABLE, "data is not an object")
    if errors is None:
        errors = []
    if not isinstance(errors, list) or not all(isinstance(one, dict) for one in errors):
        raise UnusableAnswerError(UNUSABLE, "errors is not a list of objects")
    if data is None and not errors:
        raise UnusableAnswerError(UNUSABLE, "neither data nor errors")
    extensions = parsed.get("extensions")
    return Answer(data, errors, extensions if isinstance(extensions, dict) else None)
