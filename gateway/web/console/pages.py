"""Every page: its address below ``/console``, what makes it, and the roles that have it.

Who comes to a page that the own role does not have is told so, by the door, before anything is
asked; the menu does not name it either.
"""

from collections.abc import Iterator
from typing import Final

from gateway.web.console.roles import (
    ADMIN,
    ASSESSING,
    ASSISTED,
    BUREAU,
    CARE,
    CHAIRING,
    CONFERRING,
    DUTIFUL,
    NOTING,
    OWN_RECORD,
    PLATFORM,
    PREPARING,
    PRIVACY,
    PROSECUTING,
    SEATERS,
    SEATING,
    STAFF,
    STATEWIDE,
    SUPERVISING,
    TRAINING,
)
from gateway.web.console.views import (
    access_reviews,
    agencies,
    agency_facts,
    agency_people,
    agendas,
    agreements,
    batches,
    chairing,
    compliance,
    conferences,
    course_terms,
    duties,
    enrolling,
    exchange,
    incidents,
    letters,
    liaison,
    library,
    on_call,
    on_session,
    outside_training,
    own_record,
    own_team,
    people,
    planning,
    prerequisites,
    privacy,
    reconcile,
    registering,
    releases,
    requirements,
    results,
    role_requests,
    roster,
    roster_person,
    seats,
    sign_in_alerts,
    statewide,
    training,
    training_files,
)
from gateway.web.console.visit import Handler

Page = tuple[str, Handler, frozenset[str], tuple[str, ...]]
GET: Final = ("GET",)
POST: Final = ("POST",)
BOTH: Final = ("GET", "POST")

_TRAINING: Final[tuple[Page, ...]] = (
    ("/training/courses", training.courses, STAFF, GET),
    ("/training/courses/{number}", training.course, STAFF, GET),
    ("/training/courses/{number}/plan", planning.plan, TRAINING, BOTH),
    ("/training/courses/{number}/change", course_terms.changed, TRAINING, BOTH),
    ("/training/courses/{number}/prerequisites", prerequisites.of_course, TRAINING, BOTH),
    ("/training/courses/{number}/prerequisites/{id}/end", prerequisites.end, TRAINING, POST),
    ("/training/sessions/{number}", training.session, STAFF, GET),
    ("/training/sessions/{number}/places", planning.places, TRAINING, BOTH),
    ("/training/mine", training.mine, STAFF, GET),
    ("/training/mine/documents", prerequisites.hand_in_own, STAFF, POST),
    ("/training/documents/{id}", prerequisites.download, STAFF, GET),
    ("/training/certificates/{id}", training_files.certificate, STAFF, GET),
    ("/training/calendar/sessions.ics", training_files.calendar, STAFF, GET),
    ("/training/catalogue/{table}.csv", training_files.everybodys_table, STAFF, GET),
    ("/training/files/{table}.csv", training_files.table, TRAINING, GET),
    ("/training/sessions/{number}/assign", roster.assign, TRAINING, BOTH),
    ("/training/sessions/{number}/undo", roster.undo, TRAINING, POST),
    ("/training/sessions/{number}/register", registering.register, TRAINING, BOTH),
    ("/training/sessions/{number}/people/{id}", on_session.shown, TRAINING, BOTH),
    ("/training/sessions/{number}/people/{id}/documents", prerequisites.hand_in, TRAINING, POST),
    ("/training/sessions/{number}/people/{id}/prerequisites", prerequisites.judge, TRAINING, POST),
    ("/training/assignments/{id}/status", roster.move, TRAINING, POST),
    ("/training/due", batches.due, TRAINING, BOTH),
    ("/training/sessions/{number}/results", results.record, TRAINING, BOTH),
    ("/training/outside", outside_training.listed, TRAINING, BOTH),
    ("/training/outside/{id}", outside_training.decide, TRAINING, POST),
    ("/training/compliance", compliance.shown, TRAINING, GET),
    ("/training/compliance/exempt", compliance.exempt, TRAINING, POST),
    ("/training/requirements", requirements.listed, TRAINING, BOTH),
    ("/training/requirements/{key}", requirements.changed, TRAINING, BOTH),
    ("/training/requirements/{key}/end", requirements.ended, TRAINING, POST),
    ("/training/reconcile", reconcile.shown, TRAINING, GET),
    ("/training/reconcile/{id}", reconcile.settle, TRAINING, POST),
    ("/training/exchange", exchange.shown, TRAINING, BOTH),
    ("/training/exchange/organization", exchange.link, TRAINING, POST),
    ("/training/statewide", statewide.shown, STATEWIDE, GET),
    ("/training/batches", compliance.batches, TRAINING, GET),
    ("/training/batches/{id}", batches.progress, TRAINING, GET),
    ("/training/batches/{id}/undo", batches.undo, TRAINING, POST),
    ("/training/people", roster.people, TRAINING, BOTH),
    ("/training/people/{id}", roster_person.shown, TRAINING, BOTH),
    ("/training/import", roster.import_page, TRAINING, BOTH),
    ("/library", library.shelves, STAFF, GET),
    ("/library/publish", library.publish, BUREAU, BOTH),
    ("/library/{slug}", library.resource, STAFF, GET),
    ("/library/{slug}/withdraw", library.withdraw, BUREAU, POST),
    ("/assistance", library.assistance, ASSISTED, BOTH),
    ("/assistance/{id}", library.step, ASSISTED, POST),
)

_CARE: Final[tuple[Page, ...]] = (
    ("/people", people.caseload, CARE, GET),
    ("/people/{id}", people.person, CARE, GET),
    ("/people/{id}/seen", people.seen, CARE, GET),
    ("/people/{id}/releases/new", releases.capture, CARE, BOTH),
    ("/people/{id}/releases/check", releases.check, CARE, POST),
    ("/people/{id}/releases/{release}/revoke", releases.revoke, CARE, BOTH),
    ("/people/{id}/preview", privacy.preview, frozenset({"CM"}), GET),
    ("/people/{id}/releases/{release}/copy.pdf", releases.copy, CARE, GET),
    ("/people/{id}/letters", letters.shown, CARE, BOTH),
    ("/people/{id}/letters/{letter}", letters.move, CARE, POST),
    ("/people/{id}/letters/{letter}/paper", letters.hand_over, CARE, POST),
    ("/on-call", on_call.shown, CARE, GET),
    ("/on-call/new", on_call.put_on, SUPERVISING, BOTH),
    ("/on-call/shifts/{id}/end", on_call.take_off, SUPERVISING, POST),
    ("/on-call/{id}", on_call.move, CARE, POST),
    ("/liaison", liaison.queue, PROSECUTING, GET),
    ("/liaison/{id}", liaison.decide, PROSECUTING, POST),
    ("/liaison/requests/{request}", liaison.answer, PROSECUTING, POST),
    ("/releases/expiring", people.expiring, CARE, GET),
    ("/conferences", conferences.listed, CONFERRING, GET),
    ("/conferences", conferences.schedule, CHAIRING, POST),
    ("/conferences/{id}", conferences.shown, CONFERRING, GET),
    ("/conferences/{id}/pledge", conferences.pledge, CONFERRING, POST),
    ("/conferences/{id}/move", chairing.move, CHAIRING, POST),
    ("/conferences/{id}/invite", chairing.invite, CHAIRING, BOTH),
    ("/conferences/{id}/attendees/{attendee}", chairing.attend, CHAIRING, POST),
    ("/conferences/{id}/items", agendas.propose, PREPARING, POST),
    ("/conferences/{id}/items/{item}", agendas.move, PREPARING, POST),
    ("/conferences/{id}/items/{item}/notes", agendas.note, NOTING, POST),
    ("/conferences/{id}/items/{item}/actions", agendas.act, CHAIRING, POST),
    ("/conferences/{id}/actions/{action}", agendas.close, CONFERRING, POST),
    ("/record", own_record.signed, OWN_RECORD, GET),
    ("/record/team", own_team.shown, OWN_RECORD, GET),
    ("/record/seen", own_record.seen, OWN_RECORD, GET),
    ("/record/releases/{release}/copy.pdf", releases.copy, OWN_RECORD, GET),
    ("/record/releases/{release}/revoke", own_record.take_back, OWN_RECORD, BOTH),
)

_PRIVACY: Final[tuple[Page, ...]] = (
    ("/privacy", privacy.start, PRIVACY, BOTH),
    ("/privacy/ledger", privacy.ledger, PRIVACY, GET),
    ("/privacy/alerts", sign_in_alerts.shown, PRIVACY, GET),
    ("/privacy/{id}", privacy.review, PRIVACY, GET),
    ("/privacy/{id}/attempts", privacy.attempts, PRIVACY, GET),
    ("/privacy/{id}/emergencies", duties.emergencies, PRIVACY, GET),
    ("/privacy/{id}/incidents", incidents.shown, PRIVACY, BOTH),
    ("/privacy/{id}/incidents/{incident}", incidents.assess, PRIVACY, POST),
    ("/people/{id}/incidents", incidents.shown, CARE, BOTH),
    ("/people/{id}/incidents/{incident}", incidents.assess, CARE & ASSESSING, POST),
    ("/duties", duties.listed, DUTIFUL, GET),
    ("/duties/{id}", duties.complete, DUTIFUL, POST),
)

_AGENCIES: Final[tuple[Page, ...]] = (
    ("/agency", agencies.own, ADMIN, GET),
    ("/agency/grant", agencies.grant, ADMIN, BOTH),
    ("/agency/grants/{id}/revoke", agencies.revoke, ADMIN, BOTH),
    ("/agency/people/new", enrolling.person, ADMIN, BOTH),
    ("/agency/requests", role_requests.listed, ADMIN, GET),
    ("/agency/requests/new", role_requests.ask, ADMIN, BOTH),
    ("/agency/requests/{id}", role_requests.decide, ADMIN, POST),
    ("/agency/reviews", access_reviews.listed, ADMIN, BOTH),
    ("/agency/reviews/{id}", access_reviews.shown, ADMIN, GET),
    ("/agency/reviews/{id}/close", access_reviews.close, ADMIN, POST),
    ("/agency/reviews/{id}/items/{grant}", access_reviews.decide, ADMIN, POST),
    ("/agency/alerts", sign_in_alerts.shown, ADMIN, GET),
    ("/agencies", agencies.directory, STAFF, GET),
    ("/alerts", sign_in_alerts.shown, PLATFORM, GET),
    ("/alerts", sign_in_alerts.map_claim, PLATFORM, POST),
    ("/agencies/new", enrolling.agency, PLATFORM, BOTH),
    ("/requests", role_requests.listed, PLATFORM, GET),
    ("/requests/{id}", role_requests.decide, PLATFORM, POST),
    ("/reviews", access_reviews.listed, PLATFORM, BOTH),
    ("/reviews/{id}", access_reviews.shown, PLATFORM, GET),
    ("/reviews/{id}/close", access_reviews.close, PLATFORM, POST),
    ("/reviews/{id}/items/{grant}", access_reviews.decide, PLATFORM, POST),
    ("/seats", seats.listed, SEATING, BOTH),
    ("/seats/{id}/end", seats.end, SEATERS, POST),
    ("/agencies/{id}", agency_people.listed, PLATFORM, GET),
    ("/agencies/{id}/ask", role_requests.ask, PLATFORM, BOTH),
    ("/agencies/{id}/people/new", enrolling.person, PLATFORM, BOTH),
    ("/agencies/{id}/accounts/{account}/block", agency_people.block, PLATFORM, POST),
    ("/agencies/{id}/grants/{grant}/revoke", agency_people.take_away, PLATFORM, POST),
    ("/agencies/{id}/invite", agreements.invite, PLATFORM, POST),
    ("/agencies/{id}/memorandum", agreements.sign, PLATFORM, POST),
)


def _of_an_agency() -> Iterator[Page]:
    """Yield what administrators see of their agency, and the platform's of any."""
    for start, allowed in (("/agency", ADMIN), ("/agencies/{id}", PLATFORM)):
        yield f"{start}/access", agency_facts.access, allowed, GET
        yield f"{start}/dormant", agency_facts.dormant, allowed, GET
        yield f"{start}/history", agency_facts.history, allowed, GET
        yield f"{start}/agreements", agreements.shown, allowed, GET
        yield f"{start}/agreements/documents", agreements.add_document, allowed, POST
        yield f"{start}/agreements/documents/{{document}}", agreements.download, allowed, GET
        yield f"{start}/membership", agreements.change_membership, allowed, POST


PAGES: Final[tuple[Page, ...]] = (*_TRAINING, *_CARE, *_PRIVACY, *_AGENCIES, *_of_an_agency())
