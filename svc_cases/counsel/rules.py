"""Who works on a participant's legal matters. Pure.

Source: LEAD roles; counsel of record as RCW 2.44 has it (an attorney's authority for a client).
"""

from infra.vocabulary import Basis, Role

CASE_WORK_GROUNDS: dict[Role, Basis] = {
    Role.CM: Basis.ASSIGNMENT,
    Role.SUP: Basis.OWN_AGENCY,
}
"""Who works on a participant's legal matters, and the ground on which they must hold the person."""
