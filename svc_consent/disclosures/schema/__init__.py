"""GraphQL of disclosures: the participant's accounting, and suspending it."""

from svc_consent.disclosures.schema.accounting import Participant
from svc_consent.disclosures.schema.ledger import LedgerQuery
from svc_consent.disclosures.schema.suspending import AccountingMutation

__all__ = ["AccountingMutation", "LedgerQuery", "Participant"]
