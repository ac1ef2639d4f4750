"""Who works on a participant's legal matters. Pure.

Source: LEAD roles; counsel of record as RCW 2.44 has it (an attorney's authority for a client).
"""

from infra.vocabulary import Basis, Role

CASE_WORK_GROUNDS: dict[Role, str] = {
    Role.CM: Basis.ASSIGNMENT + Basis.OWN_AGENCY,
    Role.SUP: Basis.OWN_AGENCY.value,
}
"""Who works on a participant's legal matters, and the grounds that must hold together for it."""
