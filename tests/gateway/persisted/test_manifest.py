"""Manifests: both formats as the tools write them, and everything that is not to be taken."""

import json
import warnings
from typing import Any

import pytest
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import OKPKey

from gateway.persisted.manifest import ManifestError, read_manifest, sign_manifest

KEY = OKPKey.generate_key("Ed25519")
COURSES = "query Courses { courses { number } }"
APOLLO = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [{"id": "a1", "name": "Courses", "type": "query", "body": COURSES}],
}
RELAY = {"3be4abb81fa595e25eb725b2c6a87508": COURSES}


def signed(payload: Any, key: OKPKey = KEY, **header: Any) -> str:
    head = {"alg": "EdDSA", "typ": "goldenthread-operations", **header}
    text = payload if isinstance(payload, str) else json.dumps(payload)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return jws.serialize_compact(head, text, key, algorithms=["EdDSA"])


def envelope(manifest: Any, **changes: Any) -> dict[str, Any]:
    return {"client_id": "dashboard", "version": 3, "manifest": manifest, **changes}


@pytest.mark.parametrize(
    ("manifest", "document_id"),
    [(APOLLO, "a1"), (RELAY, "3be4abb81fa595e25eb725b2c6a87508")],
    ids=["apollo", "relay"],
)
def test_formats_of_the_field_are_read(manifest: object, document_id: str) -> None:
    read = read_manifest(sign_manifest(manifest, "dashboard", 3, KEY) + "\n", KEY)
    assert (read.client_id, read.version) == ("dashboard", 3)
    assert read.documents == {document_id: COURSES}


@pytest.mark.parametrize(
    "text",
    [
        signed(envelope(RELAY), OKPKey.generate_key("Ed25519")),
        signed(envelope(RELAY))[:-4] + "AAAA",
        signed(envelope(RELAY), typ="at+jwt"),
        signed(envelope(RELAY), kid="more"),
        "a.b.c",
        "",
    ],
    ids=["another key", "tampered", "another kind", "more header", "nonsense", "empty"],
)
def test_what_is_not_signed_as_a_manifest_is_refused(text: str) -> None:
    """HD-54."""
    with pytest.raises(ManifestError):
        read_manifest(text, KEY)


@pytest.mark.parametrize(
    "payload",
    [
        "[]",
        "{",
        '{"client_id": "a", "client_id": "b", "version": 1, "manifest": {"x": "{ a }"}}',
        envelope(RELAY, client_id=""),
        envelope(RELAY, client_id=5),
        envelope(RELAY, version=0),
        envelope(RELAY, version=True),
        envelope(RELAY, version="3"),
        envelope(RELAY, more=1),
        envelope({}),
        envelope([]),
        envelope({"x": ""}),
        envelope({"x": 5}),
        envelope({"": COURSES}),
        envelope({"x" * 257: COURSES}),
        envelope({"x": "{ a }\0"}),
        envelope({**APOLLO, "format": "another"}),
        envelope({**APOLLO, "version": 2}),
        envelope({**APOLLO, "operations": {}}),
        envelope({**APOLLO, "operations": ["x"]}),
        envelope({**APOLLO, "operations": [{"id": "a"}]}),
        envelope(
            {**APOLLO, "operations": [{"id": "a", "body": "{a}"}, {"id": "a", "body": "{b}"}]}
        ),
    ],
    ids=lambda payload: json.dumps(payload)[:60],
)
def test_content_that_is_no_manifest_is_refused(payload: Any) -> None:
    with pytest.raises(ManifestError):
        read_manifest(signed(payload), KEY)


def test_content_is_checked_before_it_is_signed() -> None:
    with pytest.raises(ManifestError):
        sign_manifest({"x": ""}, "dashboard", 1, KEY)
