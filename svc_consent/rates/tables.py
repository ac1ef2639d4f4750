"""Tables of shared rates. Both are unlogged and in no journal: what they hold is worth a minute."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base


class RateBucket(Base):
    """What is left in one bucket; below zero when gateways together let too much through."""

    __tablename__ = "rate_bucket"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    name: Mapped[bytes] = mapped_column(primary_key=True)
    level: Mapped[float]
    per_second: Mapped[float]
    burst: Mapped[float]
    at: Mapped[datetime]


class RatePeer(Base):
    """A gateway process, and when it last told of its use."""

    __tablename__ = "rate_peer"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    instance: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]
