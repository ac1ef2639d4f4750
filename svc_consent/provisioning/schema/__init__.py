"""GraphQL of provisioning, and of how agencies and people come in without it."""

from svc_consent.provisioning.schema.enrolling import EnrollingMutation
from svc_consent.provisioning.schema.mutations import ProvisioningMutation
from svc_consent.provisioning.schema.reading import ProvisioningQuery

__all__ = ["EnrollingMutation", "ProvisioningMutation", "ProvisioningQuery"]
