"""Sentences of the demo. All people, places and events in them are invented."""

from svc_participants.care.goals.rules import GoalArea, ProgressMarker, StageOfChange
from svc_participants.care.housing.rules import LivingSituation as L
from svc_participants.care.kinds import HelpKind
from svc_participants.care.notes.rules import ContactMode

PLACES = (
    "Example Square, near the clock",
    "Sample Street day centre",
    "Under the Fictional Bridge",
    "Demo Park, east entrance",
    "Library on Placeholder Avenue",
)
EMERGENCY = (
    ("Pat Example-Friend", "friend"),
    ("Lou Example-Sister", "sister"),
    ("Sal Example-Uncle", "uncle"),
    ("Jo Example-Pastor", "pastor"),
)
STREET_NAMES = ("Red", "Smiles", "Sunny", "Doc", "Blue", "Lefty")
LANGUAGES = ("en", "es", "so", "vi", "en", "en")
NOTES: tuple[tuple[ContactMode, str], ...] = (
    (ContactMode.STREET_OUTREACH, ("Met at the usual spot. Brought socks and a sandwich; talked"
     " about getting identity papers. Wants to go together on Thursday.")),
    (ContactMode.OFFICE, ("Came in without an appointment. Filled in the housing application"
     " together; copy kept. Feels that things move, slowly.")),
    (ContactMode.TELEPHONE, ("Called from a borrowed phone. New number next week. Sounded tired,"
     " said sleep is better than last month.")),
    (ContactMode.COURT_SUPPORT, ("Went to the hearing together. The judge set a new date; wrote"
     " it on a card and put it in the wallet.")),
    (ContactMode.HOME_VISIT, ("First visit to the new room. The heating works; the lock does not."
     " Called the landlord from there.")),
    (ContactMode.MESSAGE, ("Text message: all fine, will come on Monday. Answered and confirmed.")),
    (ContactMode.STREET_OUTREACH, ("Not found at two places. Left word with a friend at the day"
     " centre.")),
    (ContactMode.COLLATERAL, ("Spoke with the clinic's front desk, with the person present, to"
     " move the appointment.")),
)  # fmt: skip
GOALS: tuple[tuple[str, GoalArea, StageOfChange], ...] = (
    ("I want a door that I can lock.", GoalArea.HOUSING, StageOfChange.ACTION),
    ("I want to see my daughter on her birthday.", GoalArea.FAMILY_AND_FRIENDS,
     StageOfChange.PREPARATION),
    ("I want my ID back so I can work again.", GoalArea.WORK_AND_INCOME, StageOfChange.ACTION),
    ("I want to get the court dates over with.", GoalArea.LEGAL, StageOfChange.CONTEMPLATION),
    ("I want my teeth fixed.", GoalArea.HEALTH, StageOfChange.PREPARATION),
    ("I want to cook something warm once a week.", GoalArea.DAILY_LIFE,
     StageOfChange.MAINTENANCE),
)  # fmt: skip
STEPS: tuple[tuple[ProgressMarker, str], ...] = (
    (ProgressMarker.FIRST_STEP, "Made the first phone call."),
    (ProgressMarker.STEP_FORWARD, "Got the form, filled in half of it."),
    (ProgressMarker.TRIED_AGAIN, "Missed the appointment and made a new one."),
    (ProgressMarker.HELD_STEADY, "Kept it up for two weeks."),
    (ProgressMarker.STEP_FORWARD, "Handed everything in."),
)
HOUSING_PATHS: tuple[tuple[L, ...], ...] = (
    (L.PLACE_NOT_MEANT_FOR_HABITATION, L.EMERGENCY_SHELTER, L.TRANSITIONAL_HOUSING),
    (L.PLACE_NOT_MEANT_FOR_HABITATION, L.WITH_FRIENDS, L.RENTAL_WITH_SUBSIDY),
    (L.EMERGENCY_SHELTER, L.JAIL_OR_PRISON, L.EMERGENCY_SHELTER),
    (L.NOT_ASKED, L.PLACE_NOT_MEANT_FOR_HABITATION, L.PLACE_NOT_MEANT_FOR_HABITATION),
    (L.WITH_FAMILY, L.HOTEL_WITHOUT_VOUCHER, L.RENTAL_WITHOUT_SUBSIDY),
    (L.PLACE_NOT_MEANT_FOR_HABITATION, L.SUBSTANCE_USE_FACILITY, L.TRANSITIONAL_HOUSING),
)
STATEMENTS = (
    "Takes part willingly and keeps in touch. Works steadily on housing and papers.",
    "Comes to the agreed meetings and has begun to rebuild contact with family.",
    "Has taken up the offer of help and is getting to know the team.",
)
BARRIERS = (
    "No telephone of their own; letters reach them late.",
    "Waiting list for housing; the shelter closes at eight in the morning.",
    "Identity papers are still missing.",
)
HELP = (
    "Appointments in the afternoon, and a reminder through the case manager.",
    "A week's notice of hearings.",
    "Patience with replies; messages pass through the outreach office.",
)
ACCOUNTS = (
    "Sleeping in a shop doorway for some weeks; polite, wants help with a place to stay.",
    "Took food from a store, said they had not eaten; open to talking to somebody.",
    "Known from many calls about the same block; asked for help today.",
    "Camping near the market; cold nights ahead, would accept a visit.",
)
PLANS = (
    ("A door that I can lock, and nobody who tells me when to be home.", "Knows the whole city."),
    ("Work again, with my hands.", "Welder for eleven years."),
    ("See my daughter without being ashamed.", "Writes to her every week."),
    ("Get the court dates behind me and sleep.", "Never misses a friend's birthday."),
)
PLANNED_STEPS = (
    "Go to the licensing office together on a morning.",
    "Ask the shelter for a letter.",
    "Call the sister from the office telephone.",
)
ENCOUNTERS: tuple[tuple[ContactMode, str], ...] = (
    (ContactMode.STREET_OUTREACH, "MET"),
    (ContactMode.STREET_OUTREACH, "NOT_FOUND"),
    (ContactMode.OFFICE, "MET"),
)
SERVICES: tuple[tuple[HelpKind, str], ...] = (
    (HelpKind.IDENTITY_PAPERS, "Example licensing office"),
    (HelpKind.HOUSING, "Sample housing association"),
    (HelpKind.MEDICAL_CARE, "Fictional street clinic"),
    (HelpKind.WORK_AND_TRAINING, "Placeholder workshop"),
)
