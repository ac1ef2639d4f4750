"""Alembic environment of the consent service."""

import infra.events.tables
import infra.idempotency
import infra.indicators.tables
from infra.migration_environment import run
from infra.tables import Base
from svc_consent.agencies import tables as agencies
from svc_consent.authority import tables as authority
from svc_consent.bindings import tables as bindings
from svc_consent.disclosures import tables as disclosures
from svc_consent.duties import tables as duties
from svc_consent.emergencies import tables as emergencies
from svc_consent.explanations import tables as explanations
from svc_consent.governance import tables as governance
from svc_consent.history import tables as history
from svc_consent.orders import tables as orders
from svc_consent.provisioning import tables as provisioning
from svc_consent.rates import tables as rates
from svc_consent.releases import tables as releases
from svc_consent.safeguards import tables as safeguards
from svc_consent.sign_outs import tables as sign_outs
from svc_consent.webhooks import tables as webhooks

# Imported for the tables that they declare.
_DECLARING = (
    infra.events.tables, infra.idempotency, infra.indicators.tables, agencies, authority, bindings,
    disclosures, duties, emergencies, explanations, governance, history, orders, provisioning,
    rates, releases, safeguards, sign_outs, webhooks,
)  # fmt: skip

run(Base.metadata)
