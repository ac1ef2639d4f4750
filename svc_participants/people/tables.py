"""Tables of the person. One row of ``participant`` each; contact and demographics stand apart.

They stand apart because they are other categories: a statement reads only the table whose
category it has been narrowed by.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class ParticipantRow(Base):
    """A person that a referral was made for."""

    __tablename__ = "participant"
    __table_args__ = (Index("ix_participant_created", "created_at", "id"),)

    id: Mapped[UuidKey]
    site_id: Mapped[UUID]
    given_name: Mapped[str | None]
    family_name: Mapped[str | None]
    preferred_name: Mapped[str | None]
    name_quality: Mapped[str]
    born_on: Mapped[date | None]
    birth_date_quality: Mapped[str]
    estimated_birth_year: Mapped[int | None]
    created_at: Mapped[datetime]
    version: Mapped[Version]


class AliasRow(Base):
    """Another name of a person."""

    __tablename__ = "participant_alias"

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), index=True)
    name: Mapped[str]
    kind: Mapped[str]


class PersonKeyRow(Base):
    """A key under which records of one person are found: sounds and beginnings of names."""

    __tablename__ = "person_key"
    __table_args__ = (Index("ix_person_key", "key", "participant_id"),)

    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)


class ContactRow(Base):
    """Where a person can be reached."""

    __tablename__ = "participant_contact"

    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    phone: Mapped[str | None]
    usual_places: Mapped[list[str]] = mapped_column(ARRAY(String))
    emergency_name: Mapped[str | None]
    emergency_relation: Mapped[str | None]
    emergency_phone: Mapped[str | None]
    is_confidential: Mapped[bool] = mapped_column(default=False)
    updated_at: Mapped[datetime]
    version: Mapped[Version]


class DemographicsRow(Base):
    """What a person said about race, sex, gender, language, service and disability."""

    __tablename__ = "participant_demographics"

    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"), primary_key=True)
    race: Mapped[list[str]] = mapped_column(ARRAY(String))
    sex: Mapped[str]
    gender_identity: Mapped[str]
    preferred_language: Mapped[str | None]
    language_state: Mapped[str]
    veteran: Mapped[str]
    disability: Mapped[str]
    updated_at: Mapped[datetime]
    version: Mapped[Version]


class StaffNameRow(Base):
    """Display name of a member of staff who wrote something here, by account."""

    __tablename__ = "staff_name"

    account_id: Mapped[str] = mapped_column(primary_key=True)
    display_name: Mapped[str]
