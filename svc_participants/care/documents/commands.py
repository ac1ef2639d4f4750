"""Commands about documents. Assigned case manager, supervisor of the own agency."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from infra.database import WriteSession
from infra.errors import RuleError
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.care.documents import repository, rules
from svc_participants.care.documents.tables import DocumentPartRow, DocumentRow
from svc_participants.care.keeping import check_lines, check_step, keeper, locked, values_of
from svc_participants.care.notes.rules import check_day
from svc_participants.people.commands import own_agency, require_writable
from svc_participants.people.rules import check_version
from svc_participants.people.site_days import today_at


@dataclass(frozen=True, slots=True)
class NewDocument:
    """What is announced of a document."""

    participant_id: str
    kind: rules.DocumentKind
    title: str
    media_type: rules.MediaType
    size_bytes: int
    sha256: str
    dated_on: date


async def announce(session: WriteSession, caller: Caller, given: NewDocument) -> dict[str, Any]:
    """Say which document is to come; its bytes follow in parts.

    Raises:
        RuleError: NOT_FOUND, ALREADY_STORED, or not acceptable.
    """
    about = given.participant_id
    found = await require_writable(session, caller, Category.CASE_NOTES, about)
    if given.kind in rules.TELLING_KINDS:
        await require_writable(session, caller, rules.TELLING_KINDS[given.kind], about)
    check_lines({"title": given.title})
    check_day(given.dated_on, await today_at(session, caller), "datedOn")
    rules.check_new(given.size_bytes, given.sha256)
    if await repository.is_known(session, found, own_agency(caller), given.sha256):
        raise RuleError("ALREADY_STORED", "These bytes are kept already.", ("input", "sha256"))
    row = DocumentRow(
        **keeper(caller, found), **values_of(given), state=rules.DocumentState.AWAITING.value
    )
    session.add(row)
    return {"document": str(row.id)}


async def add_part(
    session: WriteSession, caller: Caller, document_id: str, number: int, content_base64: str
) -> dict[str, Any]:
    """Store a part; with the last one the document is whole, if its hash is right.

    Raises:
        RuleError: NOT_FOUND, STEP_NOT_ALLOWED, HASH_DIFFERS, or a part that is not acceptable.
    """
    row = await _document(session, caller, document_id)
    state = rules.DocumentState(row.state)
    check_step(rules.STEPS, state, rules.DocumentState.STORED, "documentId")
    content = rules.part_bytes(content_base64, number, row.size_bytes)
    parts = await repository.parts_of(session, row.id)
    if number in parts:
        raise RuleError("ALREADY_STORED", "This part is there.", ("input", "number"))
    session.add(DocumentPartRow(document_id=row.id, number=number, content=content))
    parts[number] = content
    if len(parts) == rules.parts_of(row.size_bytes):
        whole = [parts[each] for each in sorted(parts)]
        rules.check_whole(whole, row.sha256, rules.MediaType(row.media_type))
        row.state = rules.DocumentState.STORED.value
    row.version += 1
    return {"document": str(row.id)}


async def withdraw(
    session: WriteSession, caller: Caller, document_id: str, expected_version: int
) -> dict[str, Any]:
    """Withdraw a document: it stays listed, its bytes are no longer given out.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT or STEP_NOT_ALLOWED.
    """
    row = await _document(session, caller, document_id)
    check_version(expected_version, row.version)
    state = rules.DocumentState(row.state)
    check_step(rules.STEPS, state, rules.DocumentState.WITHDRAWN, "documentId")
    row.state = rules.DocumentState.WITHDRAWN.value
    row.version += 1
    return {"document": str(row.id)}


async def _document(session: WriteSession, caller: Caller, document_id: str) -> DocumentRow:
    return await locked(
        session,
        caller,
        DocumentRow,
        document_id,
        seen=repository.document_visible,
        category=Category.CASE_NOTES,
        field="documentId",
    )
