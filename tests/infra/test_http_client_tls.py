"""HTTPS: the server's certificate must be vouched for and be for its name."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.http_client import HttpAddress, HttpClient, HttpUnreachableError
from tests.fixtures.certificates import certificate

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


async def serve(file: Path) -> asyncio.Server:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)

    return await asyncio.start_server(_answer, "127.0.0.1", 0, ssl=context)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(ANSWER)
    await writer.drain()
    writer.close()


@pytest.fixture
async def secure_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[int, Path]]:
    """A server with a certificate for ``localhost`` that this machine trusts, in this test."""
    file = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    server = await serve(file)
    yield server.sockets[0].getsockname()[1], file
    server.close()
    await server.wait_closed()


async def get(address: str) -> bytes:
    client = HttpClient(address)
    try:
        return (await client.request("GET", "/", {}, timeout_seconds=60)).body
    finally:
        await client.close()


async def test_a_trusted_certificate_for_the_name_is_accepted(
    secure_port: tuple[int, Path],
) -> None:
    assert await get(f"https://localhost:{secure_port[0]}") == b"ok"


async def test_a_certificate_for_another_name_is_refused(secure_port: tuple[int, Path]) -> None:
    with pytest.raises(HttpUnreachableError):
        await get(f"https://127.0.0.1:{secure_port[0]}")


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    secure_port: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(HttpUnreachableError):
        await get(f"https://localhost:{secure_port[0]}")


def _outdated(file: Path) -> ssl.SSLContext:
    """Return a server's context that speaks TLS 1.1 and nothing newer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(file)
    return context


async def test_an_outdated_protocol_is_refused(
    secure_port: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """HD-57: nothing of ours speaks less than TLS 1.2, whatever the other side offers."""
    _, file = secure_port
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, ssl=_outdated(file))
    address = f"https://localhost:{server.sockets[0].getsockname()[1]}"
    with pytest.raises(HttpUnreachableError):
        await get(address)
    monkeypatch.setattr(ssl, "create_default_context", lambda: _careless(file))  # planted twin
    assert await get(address) == b"ok"
    server.close()
    await server.wait_closed()


def _careless(file: Path) -> ssl.SSLContext:
    """Return a client's context that takes any protocol."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_verify_locations(file)
    return context


@pytest.mark.parametrize("suite", ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-NULL-SHA"])
def test_weak_suites_are_not_offered(suite: str) -> None:
    """Neither what gives no secrecy nor what has no authenticated encryption is negotiable."""
    offered = {each["name"] for each in ssl.create_default_context().get_ciphers()}
    assert suite not in offered
    assert ssl.create_default_context().minimum_version >= ssl.TLSVersion.TLSv1_2


def test_https_has_its_own_default_port() -> None:
    assert HttpAddress.parse("https://issuer.example").port == 443
    assert HttpAddress.parse("http://issuer.example").port == 80
