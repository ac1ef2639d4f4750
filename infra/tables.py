"""Declarative base, naming convention and column types that every service's tables use."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, LargeBinary, MetaData, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all mapped classes. Time points are always aware (timestamptz)."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - read by SQLAlchemy as declared
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        list[dict[str, object]]: JSONB,
        bytes: LargeBinary,
        int: BigInteger,
        str: String,
    }


UuidKey = Annotated[UUID, mapped_column(primary_key=True)]
"""Primary key made by the program (random), never by a sequence: ids must not be guessable."""

Version = Annotated[int, mapped_column(default=1)]
"""Counts changes of a row; an update names the version it expects."""
