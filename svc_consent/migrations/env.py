"""Alembic environment of the consent service."""

import infra.idempotency
import svc_consent.agencies.tables
import svc_consent.authority.tables
import svc_consent.disclosures.tables
import svc_consent.releases.tables
from infra.migration_environment import run
from infra.tables import Base

# Imported for the tables that they declare.
_DECLARING = (
    infra.idempotency,
    svc_consent.agencies.tables,
    svc_consent.authority.tables,
    svc_consent.disclosures.tables,
    svc_consent.releases.tables,
)

run(Base.metadata)
