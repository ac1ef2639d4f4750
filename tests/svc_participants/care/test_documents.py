"""Documents by their hash: bytes in parts, whole before anybody reads them, by category."""

import base64
import hashlib
from typing import Any

import pytest

from infra.vocabulary import Category
from svc_participants.care.documents import repository, rules
from tests.fixtures.participants_service import (
    HOUSING_PROVIDER,
    case_manager,
    change,
    codes,
    enrolled,
    housing_provider,
    plant,
    released_to,
)
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.site_days import site_today

TODAY = site_today().isoformat()
SMALL = b"%PDF-1.7 an example"
LARGE = b"%PDF-1.7 " + bytes(range(256)) * 300
READ = """
query($id: ID!, $number: Int!) { participant(id: $id) { documents { totalCount edges { node {
  id title state sha256 parts contentBase64(number: $number) } } } } }
"""


def text_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def in_parts(content: bytes) -> list[bytes]:
    size = rules.PART_BYTES
    return [content[place : place + size] for place in range(0, len(content), size)]


async def announce(service: ServiceApp, who: str, content: bytes, **more: Any) -> dict[str, Any]:
    given = {
        "kind": "OTHER", "title": "Example paper", "mediaType": "PDF", "datedOn": TODAY,
        "sizeBytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), **more,
    }  # fmt: skip
    return await change(
        service, case_manager(), "announceDocument", "document { id state version }",
        participantId=who, **given,
    )  # fmt: skip


async def send(
    service: ServiceApp, document: dict[str, Any], number: int, part: bytes | str
) -> dict[str, Any]:
    content = part if isinstance(part, str) else text_of(part)
    return await change(
        service, case_manager(), "addDocumentPart", "document { state version }",
        documentId=document["id"], number=number, contentBase64=content,
    )  # fmt: skip


async def read(
    service: ServiceApp, who: str, number: int = 1, asking: Any = None
) -> list[dict[str, Any]]:
    given = {"id": who, "number": number}
    answer = await service.graphql(asking or case_manager(), READ, given)
    return [edge["node"] for edge in answer.data["participant"]["documents"]["edges"]]


async def test_bytes_come_in_any_order_and_are_read_when_whole(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    document = (await announce(participants, who, LARGE))["document"]
    parts = in_parts(LARGE)
    assert len(parts) == 3
    for number in (3, 1):
        payload = await send(participants, document, number, parts[number - 1])
        assert payload["document"]["state"] == "AWAITING"
        assert (await read(participants, who))[0]["contentBase64"] is None
    assert codes(await send(participants, document, 1, parts[0])) == ["ALREADY_STORED"]
    assert (await send(participants, document, 2, parts[1]))["document"]["state"] == "STORED"
    found = [(await read(participants, who, number))[0] for number in (1, 2, 3)]
    joined = b"".join(base64.b64decode(each["contentBase64"]) for each in found)
    assert joined == LARGE
    assert hashlib.sha256(joined).hexdigest() == found[0]["sha256"]
    assert (await read(participants, who, 4))[0]["contentBase64"] is None
    assert codes(await announce(participants, who, LARGE)) == ["ALREADY_STORED"]
    withdrawn = await change(
        participants, case_manager(), "withdrawDocument", "document { state }",
        documentId=document["id"], expectedVersion=4,
    )  # fmt: skip
    assert withdrawn["document"] == {"state": "WITHDRAWN"}
    assert (await read(participants, who))[0]["contentBase64"] is None
    assert codes(await announce(participants, who, LARGE)) == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"sizeBytes": 0}, "NUMBER_RANGE"),
        ({"sizeBytes": rules.MAX_BYTES + 1}, "NUMBER_RANGE"),
        ({"sha256": "../../etc/passwd"}, "HASH_FORM"),
        ({"title": " "}, "TEXT_LENGTH"),
        ({"datedOn": "2999-01-01"}, "DATE_IN_FUTURE"),
    ],
)
async def test_what_cannot_be_a_document_is_refused(
    participants: ServiceApp, given: dict[str, Any], code: str
) -> None:
    who, _ = await enrolled(participants)
    assert codes(await announce(participants, who, SMALL, **given)) == [code]
    assert await read(participants, who) == []


@pytest.mark.parametrize(
    ("more", "part", "code"),
    [
        ({"sha256": "0" * 64}, SMALL, "HASH_DIFFERS"),
        ({"mediaType": "PNG"}, SMALL, "CONTENT_FORM"),
        ({}, SMALL[:-1], "CONTENT_FORM"),
        ({}, "not base64!", "CONTENT_FORM"),
    ],
)
async def test_other_bytes_than_announced_are_not_kept(
    participants: ServiceApp, more: dict[str, str], part: bytes | str, code: str
) -> None:
    who, _ = await enrolled(participants)
    document = (await announce(participants, who, SMALL, **more))["document"]
    assert codes(await send(participants, document, 1, part)) == [code]
    assert (await read(participants, who))[0]["state"] == "AWAITING"


async def hides_by_kind(service: ServiceApp) -> bool:
    """A partner who may read notes reads no treatment record, neither its title nor its bytes."""
    who, _ = await enrolled(service)
    for kind, content in (("OTHER", SMALL), ("TREATMENT_RECORD", SMALL + b" of treatment")):
        document = (await announce(service, who, content, kind=kind))["document"]
        assert codes(await send(service, document, 1, content)) == []
    for each in (Category.IDENTITY, Category.CASE_NOTES):
        await service.apply_facts([released_to(who, HOUSING_PROVIDER, category=each)])
    partner = housing_provider(CASE_NOTES="r", SUD="r")
    assert len(await read(service, who)) == 2
    return [each["contentBase64"] for each in await read(service, who, 1, partner)] == [
        text_of(SMALL)
    ]


async def test_a_document_needs_the_category_of_its_kind(participants: ServiceApp) -> None:
    assert await hides_by_kind(participants)


async def test_planted_kind_that_needs_nothing_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, repository, "TELLING_KINDS", {})
    assert not await hides_by_kind(participants)
