"""Asks a program for `GET /health/ready` over its Unix socket or loopback port."""

import asyncio
import contextlib

_TIMEOUT_SECONDS = 2.0
_OK = 200
_SHOWN_CHARACTERS = 200
_REQUEST = b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


async def why_not_ready(address: str) -> str | None:
    """Return None when the program is ready, else in a few words what it says instead."""
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            status, body = await _ask(address)
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return "no answer yet"
    if status == _OK:
        return None
    return f"status {status} {body[:_SHOWN_CHARACTERS]}".strip()


async def _ask(address: str) -> tuple[int, str]:
    if address.startswith("unix:"):
        reader, writer = await asyncio.open_unix_connection(address.removeprefix("unix:"))
    else:
        host, _, port = address.removeprefix("tcp:").rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(_REQUEST)
        await writer.drain()
        head, _, body = (await reader.read()).decode(errors="replace").partition("\r\n\r\n")
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    words = head.split(maxsplit=2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    return status, " ".join(body.split())
