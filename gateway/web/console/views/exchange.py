"""Files of the academy's system: what would come of a batch first, then taking it over.

Whose people they are is said once: which organization there the own agency is.
"""

import base64
import binascii
import zlib
from collections.abc import Sequence
from typing import Any, Final

import orjson
from starlette.datastructures import UploadFile
from starlette.responses import Response

from gateway.web.console.changing import change, form_key, need
from gateway.web.console.connection import nodes
from gateway.web.console.problems import Problems
from gateway.web.console.visit import Visit

MAX_FILES: Final = 6
MAX_FILE_BYTES: Final = 200_000
MAX_KEPT_BYTES: Final = 600_000
"""What a form brings back at most, unpacked: more than any form that is let in can hold."""

HOME: Final = "/console/training/exchange"
NOT_ROWS: Final = (
    "refused", "conflicts listed", "conflicts known", "people without a login",
)  # fmt: skip
"""Counts of a batch that are no rows taken: they are said beside them."""

Files = list[dict[str, Any]]


async def shown(visit: Visit) -> Response:
    """Say row by row what a batch would do; then take it over, as it was looked at."""
    problems, taken, files = Problems(), None, Files()
    is_trial = visit.text("step", 10) != "take"
    if visit.request.method == "POST":
        files = await _files(visit, problems) if is_trial else _unpacked(visit, problems)
        if not problems:
            payload = await change(
                visit, "ImportExchange", {"files": files, "dryRun": is_trial}, problems,
                {"files": "files"},
            )  # fmt: skip
            taken = payload["batch"]
    return await _shown(visit, problems, taken, files, is_trial=is_trial)


async def link(visit: Visit) -> Response:
    """Say which organization of the academy's the own agency is."""
    problems = Problems()
    need(visit, problems, {"organization": "The academy's own id of your organization."})
    if not problems:
        sent = {"organizationId": visit.text("organization", 200)}
        await change(visit, "LinkOrganization", sent, problems, {"organizationId": "organization"})
    if problems:
        return await _shown(visit, problems, None, Files(), is_trial=True)
    return visit.go(HOME, "linked")


async def _shown(
    visit: Visit, problems: Problems, taken: Any, files: Files, *, is_trial: bool
) -> Response:
    connection, reply = await visit.ask_needed("ExchangeBatches", root="exchangeBatches")
    return visit.page(
        "exchange.html",
        422 if problems else 200,
        taken=taken,
        is_trial=is_trial,
        kept=packed(files) if taken and is_trial else "",
        organization=visit.text("organization", 200),
        key=form_key(visit),
        rows=nodes(connection),
        not_rows=NOT_ROWS,
        organizations=nodes(reply.data["linkedOrganizations"]),
        linked=(reply.data["linkedOrganizations"] or {}).get("totalCount"),
        problems=problems,
        is_partial=reply.is_partial,
    )


async def _files(visit: Visit, problems: Problems) -> Files:
    files = []
    for upload in visit.form.getlist("files")[:MAX_FILES]:
        if not isinstance(upload, UploadFile) or not upload.size:
            continue
        if upload.size > MAX_FILE_BYTES:
            problems.add(
                "files", f"{upload.filename} has more than {MAX_FILE_BYTES:,} bytes: split it."
            )
            continue
        try:
            text = (await upload.read()).decode("utf-8")
        except UnicodeDecodeError:
            problems.add("files", f"{upload.filename} is no text in UTF-8.")
            continue
        files.append({"name": upload.filename or "", "text": text})
    if not files and not problems:
        problems.add("files", "Choose manifest.json and the files that it names.")
    return files


def packed(files: Sequence[dict[str, Any]]) -> str:
    """Return files as one value of a form: a text field would change their ends of lines."""
    return base64.b64encode(zlib.compress(orjson.dumps(files))).decode()


def unpacked(value: str) -> Files:
    """Return the files in a value of a form.

    Raises:
        ValueError: it holds something else, or too much.
    """
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(base64.b64decode(value, validate=True), MAX_KEPT_BYTES)
    except (binascii.Error, zlib.error) as error:
        raise ValueError("these are no files") from error
    rows = orjson.loads(raw)
    if unpacker.unconsumed_tail or not isinstance(rows, list) or len(rows) > MAX_FILES:
        raise ValueError("these are no files")
    return [{"name": str(row["name"]), "text": str(row["text"])} for row in rows if _is_file(row)]


def _is_file(row: object) -> bool:
    return isinstance(row, dict) and row.keys() == {"name", "text"}


def _unpacked(visit: Visit, problems: Problems) -> Files:
    value = visit.form.get("kept")
    try:
        return unpacked(value if isinstance(value, str) else "")
    except ValueError:
        problems.add("files", "Choose the files again.")
        return []
