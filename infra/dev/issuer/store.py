"""Codes and refresh tokens, in memory: whoever restarts the issuer signs in again.

Every sign-in starts a family. A code or refresh token that turns up a second time was copied, so
the whole family ends (RFC 9700, 4.14.2 and RFC 6749, 4.1.2). One exception: an answer to a refresh
may be lost, so a client that proves who it is may ask once more within seconds, as long as nothing
that followed was used; what the lost answer held is spent, and turning up ends the family.
"""

import secrets
from dataclasses import dataclass

from infra import clock
from infra.dev.issuer.clients import Client
from infra.dev.issuer.people import SignedIn

CODE_SECONDS = 60
REFRESH_SECONDS = 8 * 3600
REUSE_SECONDS = 10
"""How long the same client may repeat a refresh whose answer it has not had."""


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code, with what the token request must match."""

    code: str
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str
    code_challenge_method: str
    signed_in: SignedIn
    family: str
    expires_at: int

    def get_redirect_uri(self) -> str:
        """Return the redirect URI; authlib asks for it by this name."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Return the scope."""
        return self.scope

    def get_nonce(self) -> str | None:
        """Return the nonce, for the id token."""
        return self.nonce

    def get_auth_time(self) -> int:
        """Return when the person signed in, for the id token."""
        return self.signed_in.at

    def get_acr(self) -> str:
        """Return how the person signed in, for the id token."""
        return ACR

    def get_amr(self) -> None:
        """Return nothing: choosing a name is no authentication method."""
        return


ACR = "urn:goldenthread:acr:demo-persona"
"""Authentication context of everybody here: a persona was picked, nothing was proved."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token."""

    token: str
    client_id: str
    scope: str
    signed_in: SignedIn
    family: str
    expires_at: int

    def check_client(self, client: Client) -> bool:
        """Say whether the token was given to this client."""
        return self.client_id == client.client_id

    def get_scope(self) -> str:
        """Return the scope."""
        return self.scope


class Store:
    """What has been handed out and not been used up."""

    def __init__(self) -> None:
        self._codes: dict[str, Code] = {}
        self._refresh: dict[str, Refresh] = {}
        self._spent: dict[str, tuple[str, int]] = {}
        self._latest_spent: dict[str, tuple[Refresh, int]] = {}
        self._nonces: dict[tuple[str, str], int] = {}
        self._ended: dict[str, int] = {}
        self._assertions: dict[tuple[str, str], int] = {}

    def spend_assertion(self, client_id: str, jti: str, expires_at: int) -> bool:
        """Say whether a client uses an assertion for the first time, and remember it."""
        now = clock.epoch_seconds()
        self._assertions = {k: v for k, v in self._assertions.items() if v > now}
        if (client_id, jti) in self._assertions:
            return False
        self._assertions[client_id, jti] = expires_at
        return True

    def new_family(self) -> str:
        """Return the name of a new family of tokens."""
        return secrets.token_hex(8)

    def add_code(self, code: Code) -> None:
        """Keep a new code."""
        self._sweep()
        self._codes[code.code] = code
        if code.nonce:
            self._nonces[code.client_id, code.nonce] = clock.epoch_seconds() + REFRESH_SECONDS

    def has_nonce(self, client_id: str, nonce: str) -> bool:
        """Say whether the client has used this nonce before."""
        return (client_id, nonce) in self._nonces

    def take_code(self, code: str, client: Client) -> Code | None:
        """Return a code and use it up, also when the request turns out to be wrong."""
        found = self._codes.pop(code, None)
        if found is None:
            self._end_family_of(code)
            return None
        self._spend(found.code, found.family)
        if found.client_id != client.client_id or found.expires_at <= clock.epoch_seconds():
            return None
        return found

    def add_refresh(self, token: Refresh) -> None:
        """Keep a new refresh token."""
        if token.family not in self._ended:
            self._refresh[token.token] = token

    def find_refresh(self, token: str, client: Client) -> Refresh | None:
        """Return a live refresh token, or one that its client repeats in time; see the module.

        Any other that was used before ends its family.
        """
        found = self._refresh.get(token) or self._repeated(token, client)
        if found is None:
            self._end_family_of(token)
            return None
        return found if found.expires_at > clock.epoch_seconds() else None

    def spend_refresh(self, token: Refresh) -> None:
        """Use a refresh token up."""
        self._refresh.pop(token.token, None)
        self._spend(token.token, token.family)
        known = self._latest_spent.get(token.family)
        if known is None or known[0].token != token.token:  # a repetition does not begin it anew
            self._latest_spent[token.family] = token, clock.epoch_seconds() + REUSE_SECONDS

    def _repeated(self, token: str, client: Client) -> Refresh | None:
        family, _ = self._spent.get(token, ("", 0))
        latest, until = self._latest_spent.get(family, (None, 0))
        if latest is None or latest.token != token or family in self._ended:
            return None
        if client.is_public or not latest.check_client(client) or until < clock.epoch_seconds():
            return None
        for unused in [each for each in self._refresh.values() if each.family == family]:
            del self._refresh[unused.token]
            self._spend(unused.token, family)
        return latest

    def end_subject(self, subject: str) -> None:
        """End every family of a person: nothing that was handed out is refreshed any more."""
        ends_at = clock.epoch_seconds() + REFRESH_SECONDS
        handed_out: list[Refresh | Code] = [*self._refresh.values(), *self._codes.values()]
        for held in handed_out:
            if held.signed_in.persona.subject == subject:
                self._ended[held.family] = ends_at
        self._refresh = {k: v for k, v in self._refresh.items() if v.family not in self._ended}
        self._codes = {k: v for k, v in self._codes.items() if v.family not in self._ended}

    def _spend(self, value: str, family: str) -> None:
        self._spent[value] = (family, clock.epoch_seconds() + REFRESH_SECONDS)

    def _end_family_of(self, value: str) -> None:
        spent = self._spent.get(value)
        if spent is None:
            return
        family = spent[0]
        self._ended[family] = clock.epoch_seconds() + REFRESH_SECONDS
        self._refresh = {k: v for k, v in self._refresh.items() if v.family != family}

    def _sweep(self) -> None:
        now = clock.epoch_seconds()
        self._codes = {k: v for k, v in self._codes.items() if v.expires_at > now}
        self._refresh = {k: v for k, v in self._refresh.items() if v.expires_at > now}
        self._spent = {k: v for k, v in self._spent.items() if v[1] > now}
        self._latest_spent = {k: v for k, v in self._latest_spent.items() if v[1] >= now}
        self._nonces = {k: v for k, v in self._nonces.items() if v > now}
        self._ended = {k: v for k, v in self._ended.items() if v > now}
