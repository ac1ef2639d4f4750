"""Sends rows to the gateway, under the token of whoever imports: there is no other way in."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import sleep
from typing import Any

from graphql import GraphQLError, build_client_schema, get_introspection_query
from graphql.utilities import validate_input_value

from infra.cli.errors import CommandError
from infra.cli.importing.mapping import Row

_TIMEOUT_SECONDS = 30.0
_WAIT_SECONDS = 0.2
_ATTEMPTS = 5
_PASSING = frozenset({"SERVICE_UNAVAILABLE", "OVERLOADED", "RATE_LIMITED"})
"""What says nothing about a row: a while later it is sent again."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a row was not taken: a field of the input and a code, and words that hold no data."""

    field: str
    code: str
    message: str


class Gateway:
    """The gateway, as one importer sees it."""

    def __init__(self, url: str, token: Callable[[], str], purpose: str | None) -> None:
        self._url = url
        self._token = token
        self._purpose = purpose

    def input_type(self, mutation: str) -> Any:
        """Return the type of a mutation's input, as the gateway tells this role.

        Raises:
            CommandError: there is no such mutation for this role.
        """
        answer = self._post({"query": get_introspection_query(descriptions=False)})
        if not answer.get("data"):
            raise CommandError("the gateway does not tell its schema to this caller")
        schema = build_client_schema(answer["data"])
        kind = schema.type_map.get(f"{mutation[0].upper()}{mutation[1:]}Input")
        if kind is None:
            message = f"there is no mutation {mutation} here"
            raise CommandError(message)
        return kind

    def send(self, mutation: str, row: Row) -> list[Complaint]:
        """Run the command of a row; returns why it was refused, nothing if it was taken.

        Raises:
            CommandError: the gateway does not answer, or not for this caller.
        """
        name = f"{mutation[0].upper()}{mutation[1:]}Input"
        query = (
            f"mutation Import($input: {name}!) {{ done: {mutation}(input: $input)"
            " { userErrors { code message field } } }"
        )
        for attempt in range(_ATTEMPTS):
            answer = self._post({"query": query, "variables": {"input": row.input}})
            codes = [each["extensions"]["code"] for each in answer.get("errors", ())]
            if _PASSING.isdisjoint(codes):
                break
            sleep(_WAIT_SECONDS * 2**attempt)  # the key makes another try harmless
        if codes:
            return [Complaint("", code, "the gateway refused the row") for code in codes]
        return [
            Complaint(_field(each["field"] or ()), each["code"], each["message"])
            for each in answer["data"]["done"]["userErrors"]
        ]

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"}
        if self._purpose:
            headers["Purpose-Of-Use"] = self._purpose
        request = urllib.request.Request(  # noqa: S310 - https, or this machine
            self._url, data=json.dumps(body).encode(), headers=headers
        )
        try:
            with _OPENER.open(request, timeout=_TIMEOUT_SECONDS) as response:
                found: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as error:
            found = _answer_of(error)
            if error.code in (401, 403):
                message = f"the gateway refused the caller: {_codes(found)}"
                raise CommandError(message) from error
        except ValueError as error:
            raise CommandError("what answers there is no gateway") from error
        except OSError as error:
            message = f"the gateway does not answer: {error}"
            raise CommandError(message) from error
        return found


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A token is for the address that was given, and for no other that it names."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow nothing."""


_OPENER = urllib.request.build_opener(_NoRedirects)


def _answer_of(error: urllib.error.HTTPError) -> dict[str, Any]:
    try:
        found = json.load(error)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("errors"), list):
        message = f"what answers there is no gateway: HTTP status {error.code}"
        raise CommandError(message) from error
    return found


def _codes(answer: dict[str, Any]) -> str:
    return ", ".join(each["extensions"]["code"] for each in answer.get("errors", ()))


def misfits(kind: Any, row: Row) -> list[Complaint]:
    """Return where a row does not fit the input's type, without sending it."""
    found: list[Complaint] = []

    def note(_error: GraphQLError, path: Sequence[str | int]) -> None:
        # The error's own text quotes the value; only the place is kept.
        found.append(
            Complaint(".".join(map(str, path)), "DOES_NOT_FIT", "not what the schema says")
        )

    validate_input_value(row.input, kind, note, hide_suggestions=True)
    return found


def _field(path: Sequence[str]) -> str:
    """Return where a mistake is as a mapping names it: below the input, which every row is."""
    below = path[1:] if path[:1] == ["input"] else path
    return ".".join(map(str, below))
