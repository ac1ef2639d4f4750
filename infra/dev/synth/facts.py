"""Authority facts of synthetic people as COPY text, with the ids that the services give them.

A fact has the id that its owner would have given it (release: by provision, category and purpose;
the others: by kind, source and holder), so that the owner can take it back later.
"""

from hashlib import sha1
from uuid import NAMESPACE_URL, UUID

_URL = NAMESPACE_URL.bytes
_VARIANT = "89ab"


def _uuid5(namespace: bytes, name: str) -> str:
    # As uuid.uuid5, without an object for each of millions.
    x = sha1(namespace + name.encode(), usedforsecurity=False).hexdigest()
    return f"{x[:8]}-{x[8:12]}-5{x[13:16]}-{_VARIANT[int(x[16], 16) & 3]}{x[17:20]}-{x[20:32]}"


class Facts:
    """The facts of one site."""

    def __init__(self, site_id: str) -> None:
        self._site_id = site_id
        self._lines: list[str] = []

    def text(self) -> bytes:
        """Return all facts as COPY text; `@R` stands for the revision."""
        return "".join(self._lines).encode()

    def _add(
        self,
        row_id: str,
        participant: str,
        holder: str,
        basis: str,
        starts_at: str,
        *,
        category: str = "\\N",
        purpose: str = "\\N",
        ends_at: str = "\\N",
        source: str = "\\N",
    ) -> None:
        self._lines.append(
            f"{row_id}\t{participant}\t{holder}\t{basis}\tpermit\t{category}\t{purpose}\t"
            f"{starts_at}\t{ends_at}\t{source}\t@R\n"
        )

    def _agency(self, agency_id: str) -> str:
        return f"agency:{agency_id}@{self._site_id}"

    def author(self, participant: str, referral: str, account: str, starts_at: str) -> None:
        """Who wrote a referral keeps seeing the own form."""
        row_id = _uuid5(_URL, f"urn:goldenthread:fact:author:{referral}:{account}")
        self._add(row_id, participant, f"subject:{account}", "w", starts_at,
                  category="REFERRAL", source=referral)  # fmt: skip

    def screening(
        self, participant: str, referral: str, agency_id: str, category: str, starts_at: str
    ) -> None:
        """An agency screens a referral."""
        name = f"urn:goldenthread:fact:screening:{category}:{referral}:{agency_id}"
        self._add(_uuid5(_URL, name), participant, self._agency(agency_id), "g", starts_at,
                  category=category, source=referral)  # fmt: skip

    def own_agency(self, participant: str, agency_id: str, starts_at: str) -> None:
        """A participant is among a provider's own."""
        holder = f"{agency_id}@{self._site_id}"
        row_id = _uuid5(_URL, f"urn:goldenthread:fact:own-agency:{participant}:{holder}")
        self._add(row_id, participant, self._agency(agency_id), "o", starts_at)

    def assignment(self, participant: str, row_id: str, account: str, starts_at: str) -> None:
        """A case manager works with a participant."""
        self._add(row_id, participant, f"subject:{account}", "a", starts_at, source=row_id)

    def counsel(self, participant: str, row_id: str, account: str, starts_at: str) -> None:
        """A defender is counsel of record."""
        self._add(row_id, participant, f"subject:{account}", "c", starts_at)

    def provision(
        self, participant: str, release: str, row_id: str, agency_id: str,
        categories: tuple[str, ...], purpose: str, starts_at: str, ends_at: str,
    ) -> None:  # fmt: skip
        """A provision of a release in force: a row for each category."""
        namespace, holder = UUID(row_id).bytes, self._agency(agency_id)
        for category in categories:
            self._add(_uuid5(namespace, f"{category}/{purpose}"), participant, holder, "r",
                      starts_at, category=category, purpose=purpose, ends_at=ends_at,
                      source=release)  # fmt: skip
