"""How an arranged service goes on. Pure.

The result of a referral to a provider has HUD's codes (HMIS 2026: 1 accepted, 2 client rejected,
3 provider rejected); in our words nobody is said to reject anything.
"""

from enum import StrEnum

CODE_SYSTEM = "urn:hud:hmis:2026:referral-result"


class ArrangementState(StrEnum):
    """Where an arranged service stands."""

    ARRANGED = "ARRANGED"
    WAITING = "WAITING"
    BEGUN = "BEGUN"
    COMPLETED = "COMPLETED"
    PERSON_CHOSE_OTHERWISE = "PERSON_CHOSE_OTHERWISE"
    PROVIDER_COULD_NOT = "PROVIDER_COULD_NOT"


_A = ArrangementState
STATE_MEANINGS = {
    _A.ARRANGED: "Arranged; nothing has come back yet.",
    _A.WAITING: "On the provider's waiting list.",
    _A.BEGUN: "Being received, accepted (1).",
    _A.COMPLETED: "Received as planned, accepted (1).",
    _A.PERSON_CHOSE_OTHERWISE: "The person wants something else (2).",
    _A.PROVIDER_COULD_NOT: "The provider could not or would not (3).",
}
STEPS: dict[ArrangementState, frozenset[ArrangementState]] = {
    _A.ARRANGED: frozenset(
        {_A.WAITING, _A.BEGUN, _A.PERSON_CHOSE_OTHERWISE, _A.PROVIDER_COULD_NOT}
    ),
    _A.WAITING: frozenset({_A.BEGUN, _A.PERSON_CHOSE_OTHERWISE, _A.PROVIDER_COULD_NOT}),
    _A.BEGUN: frozenset({_A.COMPLETED, _A.PERSON_CHOSE_OTHERWISE, _A.PROVIDER_COULD_NOT}),
    _A.COMPLETED: frozenset(),
    _A.PERSON_CHOSE_OTHERWISE: frozenset({_A.ARRANGED}),
    _A.PROVIDER_COULD_NOT: frozenset({_A.ARRANGED}),
}
"""What may follow on each state; whoever chose otherwise can always come back."""

HUD_RESULT: dict[ArrangementState, int] = {
    _A.BEGUN: 1,
    _A.COMPLETED: 1,
    _A.PERSON_CHOSE_OTHERWISE: 2,
    _A.PROVIDER_COULD_NOT: 3,
}
