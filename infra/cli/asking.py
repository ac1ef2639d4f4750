"""`ask OPERATION`: runs a committed operation against the running platform, as its persona."""

import json
import urllib.error
import urllib.request
from typing import Any

from infra.cli import operations
from infra.cli.data_folder import DataFolder
from infra.cli.errors import CommandError
from infra.cli.tokens import DEFAULT_SECONDS, mint

_TIMEOUT_SECONDS = 30.0


def ask_operation(
    folder: DataFolder,
    name: str,
    *,
    persona: str | None,
    purpose: str | None,
    changes: list[str],
) -> tuple[int, Any]:
    """Return HTTP status and answer.

    Args:
        folder: of the running platform.
        name: of the operation.
        persona: who asks; the operation's own persona when None.
        purpose: why; the persona's first purpose when only a persona is given.
        changes: variables as ``name=value`` or ``input.name=value``; a value may be JSON, or a
            mark such as ``demo:participant:roi_none``.

    Raises:
        CommandError: unknown operation or persona, nothing runs, or a change that is none.
    """
    operation = operations.load(name)
    variables = operation["variables"]
    for change in changes:
        _set(variables, change)
    who = persona or operation["persona"]
    why = purpose or (operation["purpose"] if persona is None else first_purpose(folder, who))
    return post(folder, who, why, operation["query"], variables)


def post(
    folder: DataFolder, persona: str, purpose: str | None, query: str, variables: dict[str, Any]
) -> tuple[int, Any]:
    """Return HTTP status and answer of one document, asked as a persona.

    Raises:
        CommandError: unknown persona, or nothing runs.
    """
    token = mint(folder, persona, DEFAULT_SECONDS)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if purpose:
        headers["Purpose-Of-Use"] = purpose
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        folder.running()["urls"]["graphql"],
        data=json.dumps({"query": query, "variables": variables}).encode(),
        headers=headers,
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except OSError as error:
        message = f"the gateway does not answer: {error}"
        raise CommandError(message) from error


def _set(variables: dict[str, Any], change: str) -> None:
    path, separator, text = change.partition("=")
    *parents, last = path.split(".")
    place: Any = variables
    for parent in parents:
        place = place.get(parent) if isinstance(place, dict) else None
    if not separator or not isinstance(place, dict):
        message = f"--set takes NAME=VALUE or input.NAME=VALUE, not {change!r}"
        raise CommandError(message, status=2)
    place[last] = operations.value_of(text)


def first_purpose(folder: DataFolder, persona: str) -> str | None:
    """Return the purpose that a persona states when none is given."""
    for row in folder.demo()["personas"]:
        if row["persona"] == persona and row["purposes"]:
            return str(row["purposes"][0])
    return None
