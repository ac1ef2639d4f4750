"""Asks a program for `GET /health/ready` over its Unix socket or loopback port."""

import asyncio
import contextlib

_TIMEOUT_SECONDS = 2.0
_REQUEST = b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


async def is_ready(address: str) -> bool:
    """Say whether the program at `address` (``unix:/path``, ``tcp:host:port``) answers 200."""
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            return await _ask(address)
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False


async def _ask(address: str) -> bool:
    if address.startswith("unix:"):
        reader, writer = await asyncio.open_unix_connection(address.removeprefix("unix:"))
    else:
        host, _, port = address.removeprefix("tcp:").rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(_REQUEST)
        await writer.drain()
        status_line = await reader.readline()
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    words = status_line.split()
    return len(words) > 1 and words[1] == b"200"
