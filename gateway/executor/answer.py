"""Read a subgraph's HTTP answer as a GraphQL response, or say why it is not one."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from gateway.exact_json import read_json
from gateway.executor.faults import UNAVAILABLE, UNUSABLE
from infra.http_client import HttpResponse

_FIRST_REDIRECT: Final = 300
_FIRST_CLIENT_ERROR: Final = 400
_FIRST_SERVER_ERROR: Final = 500
_MEDIA_TYPES: Final = frozenset({"", "application/json", "application/graphql-response+json"})
"""What an answer may say of itself; many servers say nothing at all."""

MAX_ERRORS: Final = 1_000
"""Errors that one answer may report; a service with more of them has failed as a whole."""


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


def _media_type(stated: str) -> str:
    return stated.partition(";")[0].strip().lower()


def read_answer(response: HttpResponse, *, has_any_numbers: bool = True) -> Answer:
    """Parse and check the outermost shape (GraphQL over HTTP, section 6.4).

    Args:
        has_any_numbers: numbers may be of an ID or a custom scalar, whose integers have no bound;
            those of other types that do not fit are refused as values of a wrong type.
    """
    if response.status >= _FIRST_SERVER_ERROR:
        raise UnusableAnswerError(UNAVAILABLE, f"HTTP status {response.status}")
    if _FIRST_REDIRECT <= response.status < _FIRST_CLIENT_ERROR:
        raise UnusableAnswerError(UNUSABLE, f"HTTP status {response.status}")
    stated = response.headers.get("content-type", "")
    if stated not in _MEDIA_TYPES and _media_type(stated) not in _MEDIA_TYPES:
        raise UnusableAnswerError(UNUSABLE, "the answer is of another media type")
    try:
        parsed = (read_json if has_any_numbers else orjson.loads)(response.body)
    except orjson.JSONDecodeError:
        reason = f"HTTP status {response.status}, body is not JSON"
        raise UnusableAnswerError(UNUSABLE, reason) from None
    if not isinstance(parsed, dict):
        raise UnusableAnswerError(UNUSABLE, "the response is not an object")
    data = parsed.get("data")
    if data is not None and not isinstance(data, dict):
        raise UnusableAnswerError(UNUSABLE, "data is not an object")
    errors = _read_errors(parsed.get("errors"))
    if data is None and not errors:
        raise UnusableAnswerError(UNUSABLE, "neither data nor errors")
    extensions = parsed.get("extensions")
    return Answer(data, errors, extensions if isinstance(extensions, dict) else None)


def _read_errors(errors: object) -> list[dict[str, Any]]:
    if errors is None:
        return []
    if not isinstance(errors, list) or not all(isinstance(one, dict) for one in errors):
        raise UnusableAnswerError(UNUSABLE, "errors is not a list of objects")
    if len(errors) > MAX_ERRORS:  # each is logged, and may be told at a place of its own
        raise UnusableAnswerError(UNUSABLE, "more errors than one answer may have")
    for one in errors:
        if "path" in one and not _is_path(one["path"]):
            del one["path"]  # says of no place: read as an error without one
    return errors


def _is_path(path: object) -> bool:
    return isinstance(path, list) and all(step.__class__ in (str, int) for step in path)
