"""Files of the console: kept for good by their mark, in gzip to whoever takes it."""

import gzip

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.web.console.assets import PREFIX, Assets

HTMX = "vendor/htmx.min.js"
FONT = "vendor/public-sans-latin-wght-normal.woff2"


async def fetched(url: str, accepted: str | None = None) -> tuple[httpx2.Response, bytes]:
    """Return the answer and its body as it travelled."""
    app = Starlette(routes=[Route(f"{PREFIX}/{{name:path}}", Assets().serve)])
    transport = httpx2.ASGITransport(app=app)
    headers = {"accept-encoding": accepted} if accepted is not None else {}
    async with httpx2.AsyncClient(transport=transport, base_url="http://console") as http:
        if accepted is None:
            del http.headers["accept-encoding"]
        async with http.stream("GET", url, headers=headers) as answer:
            body = b"".join([part async for part in answer.aiter_raw()])
    return answer, body


@pytest.mark.parametrize("accepted", ["gzip", "deflate, GZIP;q=0.5, br", "br;q=1, gzip ; q=0.001"])
async def test_a_file_goes_in_gzip_to_whoever_takes_it(accepted: str) -> None:
    answer, body = await fetched(f"{PREFIX}/{HTMX}", accepted)
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(body) == Assets().files[HTMX].body
    assert len(body) < len(Assets().files[HTMX].body) / 2


@pytest.mark.parametrize("accepted", [None, "", "br", "gzip;q=0", "gzip; q=0.000", "x-gzip2"])
async def test_a_file_goes_as_it_is_to_whoever_does_not(accepted: str | None) -> None:
    answer, body = await fetched(f"{PREFIX}/{HTMX}", accepted)
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"
    assert body == Assets().files[HTMX].body


async def test_a_file_that_is_packed_already_is_not_packed_again() -> None:
    answer, body = await fetched(f"{PREFIX}/{FONT}", "gzip")
    assert "content-encoding" not in answer.headers
    assert body == Assets().files[FONT].body


async def test_only_a_marked_address_is_kept_and_a_file_that_is_not_there_is_said() -> None:
    marked, _ = await fetched(Assets().url("console.css"), "gzip")
    plain, _ = await fetched(f"{PREFIX}/console.css", "gzip")
    nothing, _ = await fetched(f"{PREFIX}/../settings.py", "gzip")
    assert "immutable" in marked.headers["cache-control"]
    assert "cache-control" not in plain.headers
    assert nothing.status_code == 404
