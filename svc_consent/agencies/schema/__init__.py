"""GraphQL of the directory: what it is made of, who holds which role, giving and taking roles."""

from svc_consent.agencies.schema.directory import DirectoryQuery
from svc_consent.agencies.schema.grants import GrantsQuery
from svc_consent.agencies.schema.mutations import AgenciesMutation

__all__ = ["AgenciesMutation", "DirectoryQuery", "GrantsQuery"]
