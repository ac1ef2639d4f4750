"""Tables of the order of facts: keys, the change feed, and hand-overs already taken.

The facts themselves (``authority_visibility``, ``authority_agency_window``) and the counter row
(``authority_applied``) have the same tables here as in every replica: ``infra.authority.tables``.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Computed, Identity, Index, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey


class AuthorityKey(Base):
    """At which revision something that decisions rely on was last touched."""

    __tablename__ = "authority_key"

    key: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]


class AuthorityChange(Base):
    """One revision: what it touched and what it did. Gapless and in commit order."""

    __tablename__ = "authority_change"

    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    keys: Mapped[list[str]] = mapped_column(ARRAY(String))
    operations: Mapped[list[dict[str, object]]]
    operation_count: Mapped[int] = mapped_column(Computed("jsonb_array_length(operations)"))
    at: Mapped[datetime]


class Clearance(Base):
    """What training opens to a person at an agency, until when; the training service's fact.

    No replica has it: it is about who asks, and the directory tells the gateway.
    """

    __tablename__ = "authority_clearance"
    __table_args__ = (Index("ix_authority_clearance_subject", "subject", "agency_id"),)

    id: Mapped[UuidKey]
    subject: Mapped[str]
    agency_id: Mapped[str]
    kind: Mapped[str]
    ends_at: Mapped[datetime | None]


class AcceptedFacts(Base):
    """One hand-over that has had its effect, so that its repetition has none."""

    __tablename__ = "authority_accepted"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UuidKey]
    revision: Mapped[int]
    at: Mapped[datetime]


class JournalState(Base):
    """The one row that ties this database to its journal (``infra.authority.journal``).

    ``last_line`` is the newest line whose change this database has. ``is_restored`` was set by a
    restore: nothing may be served until the journal was replayed and a new timeline begun.
    """

    __tablename__ = "authority_journal"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    database_id: Mapped[UUID]
    last_line: Mapped[UUID | None]
    is_restored: Mapped[bool]


class CapturedRow(Base):
    """A row that changed and is not in the journal yet; goes with the next authority change."""

    __tablename__ = "authority_captured"

    number: Mapped[int] = mapped_column(Identity(), primary_key=True)
    of_table: Mapped[str]
    did: Mapped[str]
    image: Mapped[dict[str, Any]]
