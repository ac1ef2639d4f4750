"""GraphQL of the directory: what it is made of, who holds which role, giving and taking roles."""

from svc_consent.agencies.schema.claims import ClaimsMutation, ClaimsQuery
from svc_consent.agencies.schema.colleagues import ColleaguesQuery
from svc_consent.agencies.schema.directory import DirectoryQuery
from svc_consent.agencies.schema.grants import GrantsQuery
from svc_consent.agencies.schema.mutations import AgenciesMutation
from svc_consent.agencies.schema.settings import SettingsMutation, SettingsQuery

__all__ = [
    "AgenciesMutation",
    "ClaimsMutation",
    "ClaimsQuery",
    "ColleaguesQuery",
    "DirectoryQuery",
    "GrantsQuery",
    "SettingsMutation",
    "SettingsQuery",
]
