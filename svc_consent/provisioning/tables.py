"""Tables of identity providers' clients, and of the people and groups that they provision."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class Provisioner(Base):
    """The account of a provider's client, for one agency. Its role is granted like any other."""

    __tablename__ = "provisioner"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    issuer: Mapped[str]
    subject_attribute: Mapped[str]
    is_active: Mapped[bool]
    changed_by: Mapped[UUID]
    changed_at: Mapped[datetime]


class ProvisionedUser(Base):
    """A person of an agency's provider, and the account that they sign in with."""

    __tablename__ = "provisioned_user"
    __table_args__ = (
        Index(
            "uq_provisioned_user_name", "agency_id", func.lower(text("user_name")), unique=True,
            postgresql_where=text("removed_at is null"),
        ),
        Index(
            "uq_provisioned_user_account", "account_id", unique=True,
            postgresql_where=text("removed_at is null"),
        ),
    )  # fmt: skip

    id: Mapped[UuidKey]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    user_name: Mapped[str]
    external_id: Mapped[str | None]
    display_name: Mapped[str | None]
    is_active: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    version: Mapped[Version]


class ProvisionedGroup(Base):
    """A group of an agency's provider. By itself it means nothing."""

    __tablename__ = "provisioned_group"
    __table_args__ = (Index("uq_provisioned_group_name", "agency_id", "display_name", unique=True),)

    id: Mapped[UuidKey]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    display_name: Mapped[str]
    external_id: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[Version]


class ProvisionedMember(Base):
    """That a person is in a group, and what that came to."""

    __tablename__ = "provisioned_member"

    group_id: Mapped[UUID] = mapped_column(ForeignKey("provisioned_group.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("provisioned_user.id"), primary_key=True, index=True
    )
    outcome: Mapped[str]
    code: Mapped[str | None]
    grant_id: Mapped[UUID | None]
    request_id: Mapped[UUID | None]
    at: Mapped[datetime]


class GroupRole(Base):
    """Which role a group of this name proposes at an agency; kept by its administrator."""

    __tablename__ = "provisioned_group_role"

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    display_name: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    is_liaison: Mapped[bool]
    mapped_by: Mapped[UUID]
    mapped_at: Mapped[datetime]
    version: Mapped[Version] = mapped_column(server_default=text("1"))
