"""Alembic environment of the consent service."""

import svc_consent.agencies.tables
import svc_consent.authority.tables
import svc_consent.disclosures.tables
import svc_consent.releases.tables  # noqa: F401 - imported for their tables
from infra.migration_environment import run
from infra.tables import Base

run(Base.metadata)
