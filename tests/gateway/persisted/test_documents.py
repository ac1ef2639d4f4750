"""Who may send what: ids of the own manifest, texts where there is none."""

from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from gateway.persisted import DocumentRequest, PersistedDocuments, UnknownOperationError
from gateway.persisted.documents import read_document_request
from gateway.persisted.manifest import sign_manifest
from tests.fixtures.consent_world import Person
from tests.fixtures.gateway_app import GatewayWorld
from tests.fixtures.token_issuer import token

KEY = OKPKey.generate_key("Ed25519")
COURSES, NUMBERS = "{ courses { number } }", "query Numbers { courses { number __typename } }"


def put(folder: Path, client: str, version: int, name: str = "", **documents: str) -> None:
    text = sign_manifest(documents, client, version, KEY)
    (folder / f"{name or client}.jws").write_text(text)


def store(folder: Path, **options: Any) -> PersistedDocuments:
    made = PersistedDocuments(folder, KEY, **options)
    made.refresh()
    return made


def document(
    store: PersistedDocuments, client: str, text: str | None, name: str | None
) -> str | None:
    try:
        return store.document(client, DocumentRequest(text, name))
    except UnknownOperationError:
        return None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path, "dashboard", 1, c1=COURSES)
    put(tmp_path, "mobile", 1, m1=NUMBERS)
    return tmp_path


def _ids_open_only_the_own_manifest(made: PersistedDocuments) -> None:
    assert document(made, "dashboard", None, "c1") == COURSES
    assert document(made, "dashboard", COURSES, "c1") == COURSES
    for client, text, name in (
        ("dashboard", None, "m1"),
        ("dashboard", None, "unknown"),
        ("dashboard", NUMBERS, "c1"),
        ("dashboard", COURSES, None),
        ("dashboard", None, None),
        ("partner", None, "c1"),
    ):
        assert document(made, client, text, name) is None, (client, text, name)
    assert document(made, "partner", NUMBERS, None) == NUMBERS


def test_ids_open_only_the_own_manifest(folder: Path) -> None:
    """HD-53: unknown, of another application, changed body, text where ids are demanded."""
    _ids_open_only_the_own_manifest(store(folder, allows_texts=False))


def test_store_that_lends_manifests_would_be_noticed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    made = store(folder, allows_texts=False)
    both = {**made._manifests["dashboard"].documents, **made._manifests["mobile"].documents}
    real = PersistedDocuments.document

    def lending(self: PersistedDocuments, client: str, wanted: DocumentRequest) -> str:
        return both.get(wanted.document_id or "") or real(self, client, wanted)

    monkeypatch.setattr(PersistedDocuments, "document", lending)
    with pytest.raises(AssertionError):
        _ids_open_only_the_own_manifest(made)


def test_development_takes_texts_beside_ids(folder: Path) -> None:
    made = store(folder)
    assert document(made, "dashboard", NUMBERS, None) == NUMBERS
    assert document(made, "dashboard", NUMBERS, "c1") is None


def _only_newer_manifests_are_taken(folder: Path) -> None:
    made = store(folder)
    put(folder, "dashboard", 2, c2=NUMBERS)
    assert made.refresh() == ("dashboard",)
    assert document(made, "dashboard", None, "c2") == NUMBERS
    assert document(made, "dashboard", None, "c1") is None
    put(folder, "dashboard", 1, "an-old-one", c1=COURSES)
    assert made.refresh() == ()
    (folder / "dashboard.jws").write_text("broken")
    assert made.refresh() == ()
    (folder / "dashboard.jws").unlink()
    assert made.refresh() == ()
    assert document(made, "dashboard", None, "c2") == NUMBERS


def test_only_newer_manifests_are_taken_and_the_others_change_nothing(folder: Path) -> None:
    """HD-54."""
    _only_newer_manifests_are_taken(folder)


def test_store_that_goes_back_would_be_noticed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""

    def take(self: PersistedDocuments, manifest: Any) -> None:
        self._manifests[manifest.client_id] = manifest

    monkeypatch.setattr(PersistedDocuments, "_take", take)
    with pytest.raises(AssertionError):
        _only_newer_manifests_are_taken(folder)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"query": COURSES}, DocumentRequest(COURSES, None)),
        ({"documentId": "x"}, DocumentRequest(None, "x")),
        ({"doc_id": "x"}, DocumentRequest(None, "x")),
        (
            {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "x"}}},
            DocumentRequest(None, "x"),
        ),
        ({"query": COURSES, "documentId": "x"}, DocumentRequest(COURSES, "x")),
        ({}, None),
        ({"query": 5}, None),
        ({"documentId": 5}, None),
        ({"documentId": None, "query": COURSES}, None),
        ({"documentId": "x", "doc_id": "x"}, None),
        ({"query": COURSES, "extensions": {"persistedQuery": "x"}}, None),
    ],
    ids=str,
)
def test_ids_are_read_as_clients_write_them(
    payload: dict[str, object], expected: DocumentRequest | None
) -> None:
    assert read_document_request(payload) == expected


async def test_application_with_a_manifest_is_answered_by_id(
    gateway_world: GatewayWorld, folder: Path
) -> None:
    officer: Person = await gateway_world.person("LEO")
    made = store(folder, allows_texts=False)
    gateway_world._tokens[officer.external_subject] = token(
        sub=officer.external_subject, client_id="dashboard"
    )
    async with gateway_world.gateway(documents=made) as gateway:
        by_id = await gateway.ask(officer, None, document_id="c1")
        by_text = await gateway.ask(officer, COURSES)
        unknown = await gateway.ask(officer, None, document_id="m1")
    assert by_id.body == {"data": {"courses": [{"number": "8020"}]}}
    for refused in (by_text, unknown):
        assert refused.status == 400
        assert refused.body == unknown.body
        assert refused.body["errors"][0]["extensions"]["code"] == "UNKNOWN_OPERATION"
