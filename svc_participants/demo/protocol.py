"""The rule set of the demo sites: invented, shaped after what real sites have published."""

from svc_participants.protocols.rules import Charge, Exclusion, Limits, Priority, Protocol

DEMO_PROTOCOL = Protocol(
    minimum_age_years=18,
    charges=(
        Charge(rcw="69.50.4013", nibrs="35A", maximum_grams=3.5),
        Charge(nibrs="23C"),
        Charge(nibrs="40A"),
        Charge(nibrs="90J"),
    ),
    exclusions=(
        Exclusion("OPEN_TREATMENT_COURT", "Takes part in a treatment court now."),
        Exclusion(
            "NO_CONTACT_ORDER", "A no-contact order names another participant.",
            ("ARREST_DIVERSION",),
        ),
    ),
    priorities=(
        Priority(40, "An officer waits at the scene.", urgency="NOW"),
        Priority(20, "Would have been booked.", counterfactual="WOULD_BOOK"),
        Priority(10, "Police referrals come first in the early phase.", door="ARREST_DIVERSION"),
        Priority(10, "Has no safe place.", need="SAFETY"),
    ),
    limits=Limits(
        handoff_minutes=30, intake_days=14, waitlist_days=60, inactive_days=60, contact_attempts=3
    ),
)  # fmt: skip
