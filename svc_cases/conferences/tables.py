"""Tables of the work group's meetings."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class Meeting(Base):
    """One meeting of a site's work group. Its minutes name nobody."""

    __tablename__ = "owg_meeting"
    __table_args__ = (Index("ix_owg_meeting_site_id", "site_id", "starts_at", "id"),)

    id: Mapped[UuidKey]
    site_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    place: Mapped[str]
    status: Mapped[str]
    chaired_by: Mapped[str]
    agency_id: Mapped[str]
    minutes: Mapped[str | None]
    version: Mapped[Version]


class Attendee(Base):
    """Somebody who is invited: in which role, with the pledge, and whether they came."""

    __tablename__ = "owg_attendee"
    __table_args__ = (
        Index(
            "uq_owg_attendee_meeting_account",
            "meeting_id",
            "account",
            unique=True,
            postgresql_where=text("removed_at is null"),
        ),
        Index("ix_owg_attendee_account", "account"),
    )

    id: Mapped[UuidKey]
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("owg_meeting.id"))
    account: Mapped[str]
    agency_id: Mapped[str]
    role: Mapped[str]
    invited_at: Mapped[datetime]
    pledged_at: Mapped[datetime | None]
    pledge_version: Mapped[str | None]
    has_attended: Mapped[bool | None]
    removed_at: Mapped[datetime | None]


class PledgeWording(Base):
    """A site's own wording of the pledge. Published ones stay: they have been signed."""

    __tablename__ = "pledge_wording"
    __table_args__ = (UniqueConstraint("site_id", "number"),)

    id: Mapped[UuidKey]
    site_id: Mapped[UUID]
    number: Mapped[int]
    text: Mapped[str]
    published_by: Mapped[str]
    published_at: Mapped[datetime]


class AgendaItem(Base):
    """A participant on the agenda of a meeting, and why; taken off, never deleted."""

    __tablename__ = "owg_item"
    __table_args__ = (
        Index("uq_owg_item_place", "meeting_id", "position", unique=True),
        Index("ix_owg_item_participant_id", "participant_id"),
    )

    id: Mapped[UuidKey]
    meeting_id: Mapped[UUID] = mapped_column(ForeignKey("owg_meeting.id"))
    participant_id: Mapped[UUID]
    position: Mapped[int]
    topic: Mapped[str]
    question: Mapped[str]
    status: Mapped[str]
    proposed_by: Mapped[str]
    agency_id: Mapped[str]
    proposed_on: Mapped[date]
    proposed_at: Mapped[datetime]
    version: Mapped[Version]


class ConferenceNote(Base):
    """What was said about an item; never overwritten."""

    __tablename__ = "owg_note"

    id: Mapped[UuidKey]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("owg_item.id"), index=True)
    participant_id: Mapped[UUID]
    body: Mapped[str]
    written_by: Mapped[str]
    agency_id: Mapped[str]
    written_on: Mapped[date]
    written_at: Mapped[datetime]


class ConferenceAction(Base):
    """What an agency takes upon itself about an item."""

    __tablename__ = "owg_action"

    id: Mapped[UuidKey]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("owg_item.id"), index=True)
    participant_id: Mapped[UUID]
    what: Mapped[str]
    responsible_agency_id: Mapped[str]
    due_on: Mapped[date | None]
    status: Mapped[str]
    set_by: Mapped[str]
    set_on: Mapped[date]
    set_at: Mapped[datetime]
    closed_by: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    version: Mapped[Version]
