"""The public certificate: the doctor reads it from a real TLS server and says when it ends."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from infra.cli.doctor import transport
from infra.cli.doctor.deployment import Deployment, Program
from infra.cli.doctor.findings import Finding, Outcome
from tests.fixtures.certificates import certificate


@contextmanager
def terminator(file: Path) -> Iterator[str]:
    """A TLS terminator with this certificate, for as long as the test looks at it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    plain, _ = listener.accept()
                    with plain, suppress(OSError), context.wrap_socket(plain, server_side=True):
                        pass

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield f"https://localhost:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def looked_at(url: str) -> Finding:
    gateway = Program("gateway", {"GT_PUBLIC_URL": url, "GT_ENVIRONMENT": "development"})
    [found] = transport.security(Deployment("test", (gateway,)))
    assert found.advice or found.outcome is Outcome.OK
    return found


@pytest.mark.parametrize(
    ("days", "outcome", "words"),
    [
        (90, Outcome.OK, "good for 89 days"),
        (21.5, Outcome.OK, "good for 21 days"),
        (20.5, Outcome.WARN, "ends in 20 days"),
        (0.5, Outcome.WARN, "ends in 0 days"),
        (-1, Outcome.FAIL, "expired"),
    ],
)
def test_when_the_certificate_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: float, outcome: Outcome, words: str
) -> None:
    file = certificate(tmp_path, "localhost", timedelta(days=days))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with terminator(file) as url:
        found = looked_at(url)
    assert (found.outcome, words in found.message) == (outcome, True), found


def test_a_certificate_that_nobody_vouches_for_or_of_another_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, ours = certificate(tmp_path, "elsewhere.example"), certificate(tmp_path, "localhost")
    for trusted, shown, words in ((other, ours, "self-signed"), (other, other, "mismatch")):
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        with terminator(shown) as url:
            found = looked_at(url)
        assert (found.outcome, words in found.message) == (Outcome.FAIL, True), found
