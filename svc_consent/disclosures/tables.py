"""Tables of the ledger. Its rows can be added and read, never changed or taken away.

The runtime role has neither UPDATE nor DELETE on ``ledger_entry``, ``ledger_about``,
``ledger_signed_head`` and ``ledger_key`` (see the migration). The heads are the only rows that
move. No row has a foreign key to what it tells about: deleting that never deletes the evidence.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey


class LedgerLane(Base):
    """The head of one hash chain: how long it is, and the hash of its last entry."""

    __tablename__ = "ledger_lane"

    lane: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    hash: Mapped[bytes]


class LedgerEntry(Base):
    """One call of the gate. ``entry`` is the whole record; the hash covers it and all before.

    A repeated call is known by ``release_id``; its verdict and what lapsed are in the entry.
    """

    __tablename__ = "ledger_entry"

    lane: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[bytes]
    release_id: Mapped[UUID] = mapped_column(unique=True)
    recorded_at: Mapped[datetime]
    entry: Mapped[dict[str, Any]]


class LedgerAbout(Base):
    """Which part of which entry is about whom: the index of a participant's accounting."""

    __tablename__ = "ledger_about"

    pseudonym: Mapped[UUID] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(primary_key=True)
    lane: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class SignedHead(Base):
    """A head that this service has signed: what was there then can be shown later."""

    __tablename__ = "ledger_signed_head"

    lane: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    signed_at: Mapped[datetime] = mapped_column(primary_key=True)
    hash: Mapped[bytes]
    kid: Mapped[str]
    signature: Mapped[bytes]


class LedgerKey(Base):
    """A public key that heads were signed with; kept as long as the ledger."""

    __tablename__ = "ledger_key"

    kid: Mapped[str] = mapped_column(primary_key=True)
    jwk: Mapped[dict[str, Any]]
    published_at: Mapped[datetime]


class ParticipantPseudonym(Base):
    """The only place that ties a participant to what the ledger knows them by."""

    __tablename__ = "participant_pseudonym"

    participant_id: Mapped[UuidKey]
    pseudonym: Mapped[UUID] = mapped_column(unique=True)


class PurgeRecord(Base):
    """That a participant's pseudonym was taken away: the proof of a purge, kept for good.

    The ledger stays whole; nobody can be told from it any more. The pseudonym is never given again.
    """

    __tablename__ = "purge_record"

    pseudonym: Mapped[UUID] = mapped_column(primary_key=True)
    purged_at: Mapped[datetime]
    purged_by: Mapped[str]
    reason: Mapped[str]
    entries: Mapped[int]


class AccountingSuspension(Base):
    """That an accounting leaves an agency out for a time (45 CFR 164.528(a)(2), 42 CFR 2.25).

    It takes the statement of a named official, ends by itself, and never covers what a release of
    the person permitted.
    """

    __tablename__ = "accounting_suspension"

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID] = mapped_column(index=True)
    agency_id: Mapped[UUID]
    official: Mapped[str]
    statement: Mapped[str]
    is_written: Mapped[bool]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime]


class DeniedAttempts(Base):
    """How often somebody was denied in an hour: beyond a cap, attempts are only counted."""

    __tablename__ = "denied_attempts"

    subject: Mapped[str] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    attempts: Mapped[int]
