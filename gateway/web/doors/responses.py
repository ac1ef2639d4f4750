"""What every door answers alike: JSON, files and refusals, none of which may be stored."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from gateway.errors import RequestRefusedError
from gateway.web.credentials import challenge_of

JSON_TYPE = "application/json"


def json_of(
    status: int,
    body: Mapping[str, Any],
    media_type: str = JSON_TYPE,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a JSON answer."""
    said = {"content-type": f"{media_type}; charset=utf-8", "cache-control": "no-store"}
    return Response(orjson.dumps(body), status, {**said, **(headers or {})})


def refusal_of(refused: RequestRefusedError) -> Response:
    """Return a refusal with its challenge, as ``POST /graphql`` gives it."""
    return json_of(refused.status, {"errors": refused.errors}, headers=challenge_of(refused))


def file_of(
    content: bytes, media_type: str, name: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a file to keep under a name."""
    said = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
    }
    return Response(content, 200, {**said, **(headers or {})}, media_type=media_type)
