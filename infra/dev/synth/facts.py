"""Authority facts of synthetic people as binary COPY, with the ids that the services give them.

A fact has the id that its owner would have given it (release: by provision, category and purpose;
the others: by kind, source and holder), so that the owner can take it back later. Binary, because
three databases read each fact, and reading text is half of their work (PostgreSQL's manual, COPY,
"Binary Format").
"""

from datetime import UTC, datetime
from functools import cache, lru_cache
from hashlib import sha1
from uuid import NAMESPACE_URL

from infra.bulk_copy import BINARY_BEGIN, BINARY_END, REVISION_MARK, VISIBILITY_COLUMNS

_URL = NAMESPACE_URL.bytes
_UUID_NEXT = (16).to_bytes(4, "big")
_NULL = b"\xff\xff\xff\xff"
_ROW = len(VISIBILITY_COLUMNS).to_bytes(2, "big") + _UUID_NEXT
_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def _uuid5(namespace: bytes, name: bytes) -> bytes:
    # As uuid.uuid5, without an object for each of millions.
    x = sha1(namespace + name, usedforsecurity=False).digest()
    return x[:6] + bytes((x[6] & 0x0F | 0x50, x[7], x[8] & 0x3F | 0x80)) + x[9:16]


def _uuid(text: str) -> bytes:
    return bytes.fromhex(text.replace("-", ""))


@lru_cache(maxsize=8)
def _known(text: str) -> bytes:
    """Return an id that the rows of one person repeat."""
    return _uuid(text)


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    content = value.encode()
    return len(content).to_bytes(4, "big") + content


@cache
def _instant(text: str) -> bytes:
    """Return a time as PostgreSQL keeps it: microseconds since 2000."""
    since = datetime.fromisoformat(text) - _POSTGRES_EPOCH
    seconds = since.days * 86_400 + since.seconds
    return b"\x00\x00\x00\x08" + (seconds * 1_000_000).to_bytes(8, "big", signed=True)


class Facts:
    """The facts of one site."""

    def __init__(self, site_id: str) -> None:
        self._site_id = site_id
        self._rows: list[bytes] = []
        self._grounds: dict[tuple[str, str, str | None, str | None], bytes] = {}

    def content(self) -> bytes:
        """Return all facts as binary COPY; `REVISION_MARK` stands for the revision."""
        return b"".join((BINARY_BEGIN, *self._rows, BINARY_END))

    def __len__(self) -> int:
        return len(self._rows)

    def _add(
        self,
        row_id: bytes,
        participant: str,
        grounds: bytes,
        starts_at: str,
        *,
        ends_at: bytes = _NULL,
        source: bytes = _NULL,
    ) -> None:
        self._rows.append(
            b"".join((
                _ROW, row_id, _UUID_NEXT, _known(participant), grounds, _instant(starts_at),
                ends_at, source, REVISION_MARK,
            ))
        )  # fmt: skip

    def _ground(
        self, holder: str, basis: str, category: str | None = None, purpose: str | None = None
    ) -> bytes:
        """Return holder, basis, effect, category and purpose: the same for many rows."""
        key = (holder, basis, category, purpose)
        found = self._grounds.get(key)
        if found is None:
            words = (holder, basis, "permit", category, purpose)
            found = self._grounds[key] = b"".join(map(_text, words))
        return found

    def _agency(self, agency_id: str) -> str:
        return f"agency:{agency_id}@{self._site_id}"

    def author(self, participant: str, referral: str, account: str, starts_at: str) -> None:
        """Who wrote a referral keeps seeing the own form."""
        name = f"urn:goldenthread:fact:author:{referral}:{account}"
        grounds = self._ground(f"subject:{account}", "w", "REFERRAL")
        self._add(_uuid5(_URL, name.encode()), participant, grounds, starts_at,
                  source=_UUID_NEXT + _known(referral))  # fmt: skip

    def screening(
        self, participant: str, referral: str, agency_id: str, category: str, starts_at: str
    ) -> None:
        """An agency screens a referral."""
        name = f"urn:goldenthread:fact:screening:{category}:{referral}:{agency_id}"
        grounds = self._ground(self._agency(agency_id), "g", category)
        self._add(_uuid5(_URL, name.encode()), participant, grounds, starts_at,
                  source=_UUID_NEXT + _known(referral))  # fmt: skip

    def own_agency(self, participant: str, agency_id: str, starts_at: str) -> None:
        """A participant is among a provider's own."""
        holder = f"{agency_id}@{self._site_id}"
        name = f"urn:goldenthread:fact:own-agency:{participant}:{holder}"
        grounds = self._ground(f"agency:{holder}", "o")
        self._add(_uuid5(_URL, name.encode()), participant, grounds, starts_at)

    def assignment(self, participant: str, row_id: str, account: str, starts_at: str) -> None:
        """A case manager works with a participant."""
        own, grounds = _uuid(row_id), self._ground(f"subject:{account}", "a")
        self._add(own, participant, grounds, starts_at, source=_UUID_NEXT + own)

    def counsel(self, participant: str, row_id: str, account: str, starts_at: str) -> None:
        """A defender is counsel of record."""
        grounds = self._ground(f"subject:{account}", "c")
        self._add(_uuid(row_id), participant, grounds, starts_at)

    def provision(
        self, participant: str, release: str, row_id: str, agency_id: str,
        categories: tuple[str, ...], purpose: str, starts_at: str, ends_at: str,
    ) -> None:  # fmt: skip
        """A provision of a release in force: a row for each category."""
        namespace, holder = _uuid(row_id), self._agency(agency_id)
        source, ends = _UUID_NEXT + _known(release), _instant(ends_at)
        for category in categories:
            self._add(
                _uuid5(namespace, f"{category}/{purpose}".encode()), participant,
                self._ground(holder, "r", category, purpose), starts_at, ends_at=ends,
                source=source,
            )  # fmt: skip
