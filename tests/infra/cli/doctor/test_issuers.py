"""Issuers that are away, publish the wrong keys, or live in another time: over real HTTP."""

import email.utils
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from infra import clock
from infra.cli.doctor.deployment import Deployment, Program
from infra.cli.doctor.findings import Finding, Outcome
from infra.cli.doctor.issuers import reachable

RSA = RSAKey.generate_key(2048, parameters={"kid": "one", "use": "sig"}).as_dict(private=False)
SHORT = {**RSA, "kid": "two", "n": str(RSA["n"])[:170]}
EC = ECKey.generate_key("P-256", parameters={"kid": "three"}).as_dict(private=False)


@dataclass
class Issuer:
    """What the issuer answers; tests change it."""

    url: str = ""
    keys: list[dict[str, Any]] = field(default_factory=lambda: [dict(RSA)])
    metadata: dict[str, Any] = field(default_factory=dict)
    hours_ahead: int = 0
    status: int = 200

    def look(self, *algorithms: str) -> list[Finding]:
        entry = {
            "alias": "test",
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks",
            "audience": "lead",
            "algorithms": list(algorithms or ("RS256",)),
        }
        gateway = Program("gateway", {"GT_ISSUERS": json.dumps([entry])})
        return reachable(Deployment("test", (gateway,)))


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    answers = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/jwks":
                body: dict[str, Any] = {"keys": answers.keys}
            else:
                body = {"issuer": answers.url, "jwks_uri": f"{answers.url}/jwks"}
                body |= answers.metadata
            self.send_response(answers.status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def date_time_string(self, timestamp: float | None = None) -> str:
            del timestamp
            then = clock.epoch_seconds() + 3600 * answers.hours_ahead
            return email.utils.formatdate(then, usegmt=True)

        def log_message(self, *_words: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    answers.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield answers
    server.shutdown()
    thread.join()
    server.server_close()


def failed(found: list[Finding]) -> list[str]:
    assert all(each.advice for each in found if each.outcome is not Outcome.OK)
    return [each.message for each in found if each.outcome is Outcome.FAIL]


def test_a_sound_issuer(issuer: Issuer) -> None:
    assert {each.outcome for each in issuer.look()} == {Outcome.OK}


@pytest.mark.parametrize(
    ("published", "algorithm", "words"),
    [
        ([], "RS256", "holds no keys"),
        ([EC], "RS256", "no key for the pinned algorithm RS256"),
        ([RSA], "ES256", "no key for the pinned algorithm ES256"),
        ([{**RSA, "alg": "PS256"}], "RS256", "no key for the pinned algorithm"),
        ([{**RSA, "use": "enc"}], "RS256", "no key for the pinned algorithm"),
        ([SHORT], "RS256", "too short"),
        ([{k: v for k, v in RSA.items() if k != "kid"}], "RS256", "without kid"),
        ([{**RSA, "n": "!"}], "RS256", "damaged"),
    ],
    ids=["none", "kind", "other-kind", "alg", "encryption", "short", "nameless", "damaged"],
)
def test_keys_that_do_not_fit(
    issuer: Issuer, published: list[dict[str, Any]], algorithm: str, words: str
) -> None:
    issuer.keys = published
    assert any(words in each for each in failed(issuer.look(algorithm)))


def test_an_issuer_that_is_away_or_broken(issuer: Issuer) -> None:
    issuer.status = 500
    assert "HTTP 500" in failed(issuer.look())[0]
    issuer.url = "http://127.0.0.1:1"
    assert "ConnectionRefusedError" in failed(issuer.look())[0]


def test_metadata_that_contradict_the_settings(issuer: Issuer) -> None:
    issuer.metadata = {"issuer": "https://elsewhere.example.org"}
    assert any("another issuer" in each for each in failed(issuer.look()))


def test_a_clock_an_hour_ahead(issuer: Issuer) -> None:
    issuer.hours_ahead = 1
    assert any("apart from this machine's clock" in each for each in failed(issuer.look()))
