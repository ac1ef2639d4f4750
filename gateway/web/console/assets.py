"""Stylesheet, scripts and typeface, served from here alone, by the hash of what they are."""

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

_MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}
_FOREVER = "public, max-age=31536000, immutable"
PREFIX = "/console/static"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file."""

    body: bytes
    media_type: str
    mark: str
    squeezed: bytes | None
    """The body in gzip, where that is smaller. Pages are not compressed: they bear a form token
    beside text that somebody else may have written (the BREACH attack); files bear no secret."""


def _asset(body: bytes, media_type: str) -> Asset:
    squeezed = gzip.compress(body, mtime=0)
    mark = hashlib.sha256(body).hexdigest()[:12]
    return Asset(body, media_type, mark, squeezed if len(squeezed) < len(body) else None)


def _files(folder: Traversable) -> Mapping[str, Asset]:
    found: dict[str, Asset] = {}
    for entry in folder.iterdir():
        ending = entry.name.rpartition(".")[2]
        if entry.is_dir():
            found |= {f"{entry.name}/{name}": each for name, each in _files(entry).items()}
        elif ending in _MEDIA_TYPES:
            found[entry.name] = _asset(entry.read_bytes(), _MEDIA_TYPES[ending])
    return found


def _takes_gzip(accepted: str) -> bool:
    """Say whether an Accept-Encoding names gzip and does not refuse it with a weight of zero."""
    for each in accepted.lower().split(","):
        coding, _, weight = each.partition(";")
        if coding.strip() == "gzip":
            return not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight)
    return False


class Assets:
    """All files below ``static/``, in memory."""

    def __init__(self) -> None:
        self.files = dict(_files(resources.files("gateway.web.console") / "static"))
        sheet = self.files["console.css"]
        # The typeface that the stylesheet names gets its mark, too, or it would be asked for anew.
        text = re.sub(
            r'url\("vendor/([^"]+)"\)',
            lambda found: f'url("{self.url("vendor/" + found[1])}")',
            sheet.body.decode(),
        )
        self.files["console.css"] = _asset(text.encode(), sheet.media_type)

    def url(self, name: str) -> str:
        """Return the address of a file. Raises KeyError when there is none."""
        return f"{PREFIX}/{name}?v={self.files[name].mark}"

    async def serve(self, request: Request) -> Response:
        """Serve one file, in gzip to whoever takes it (RFC 9110, 12.5.3); without mark not kept."""
        asset = self.files.get(request.path_params["name"])
        if asset is None:
            return PlainTextResponse("Not found.\n", 404)
        is_marked = request.query_params.get("v") == asset.mark
        headers = {"content-type": asset.media_type, "vary": "Accept-Encoding"}
        if is_marked:
            headers["cache-control"] = _FOREVER
        if asset.squeezed is not None and _takes_gzip(request.headers.get("accept-encoding", "")):
            headers["content-encoding"] = "gzip"
            return Response(asset.squeezed, headers=headers)
        return Response(asset.body, headers=headers)
