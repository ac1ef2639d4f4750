"""What each coordinate is: its category, read from the categories' meaning, and what it returns.

One line for each field: name, ``=column`` where it is called otherwise, a label where it differs
from its type's, and what it returns: ``->T`` one, ``->[T]`` a list, ``->{T}`` pages. A label is a
category, ``:S`` for the favourable-safe summary, ``:P`` for the public record, ``+X`` for what it
is computed from as well. ``about`` marks types whose rows are about one participant.
"""

from dataclasses import dataclass

from tests.proof.oracle.care_shapes import CARE_SHAPES
from tests.proof.oracle.work_shapes import WORK_SHAPES

_SHAPES = """
type Query STRUCTURE
  courts CATALOGUE ->[Court]
  sites CATALOGUE ->[Site]
  caseByNumber LEGAL_PUBLIC:P ->LegalCase
  legalCase LEGAL_PUBLIC:P ->LegalCase
  docket LEGAL_PUBLIC:P ->{LegalCase}
  leadLink LEGAL_COORD:S ->LeadLink
  participant ->Participant
  participants ->{Participant}
  caseload ->{Participant}
  referral ->Referral
  myReferrals ->{Referral}
  referralQueue ELIGIBILITY ->{Referral}
  myGrants ->{RoleGrant}
type Court CATALOGUE
  code
  name
  timeZone=time_zone
type Site CATALOGUE
  id STRUCTURE
  name
  county
  timeZone=time_zone
type RoleGrant AGENCY_ROLES
  id STRUCTURE
  role
  liaison=is_liaison
  serviceField=service_field
  validFrom=starts_at
  validTo=ends_at
  revokedAt=revoked_at
type LegalCase LEGAL_PUBLIC:P
  id STRUCTURE
  caseNumber=number
  court ->Court
  filedOn=filed_on
  incidentOn=incident_on
  closedOn=closed_on
  status
  defendantName=+defendant
  charges ->[Charge]
  hearings ->[Hearing]
  version
  leadLink LEGAL_COORD:S ->LeadLink
type Charge LEGAL_PUBLIC:P
  statute
  description
  nibrs
  chargeClass=charge_class
  status
type Hearing LEGAL_PUBLIC:P
  at=starts_at
  kind
  courtroom
type LeadLink LEGAL_COORD:S about
  id STRUCTURE
  case ->LegalCase
  participant ->Participant
  relation=+relation LEGAL_COORD:S+ENROLLMENT
  incidentTiming=+timing LEGAL_COORD:S+ENROLLMENT
  coordinationStatus=+standing
  filingDecision ->FilingDecision
  warrants WARRANTS ->[Warrant]
  dateCorrections LEGAL_COORD ->[DateCorrection]
  isDivertedArrest=is_diverted_arrest LEGAL_COORD
  matchedOn=matched_on LEGAL_COORD
  version
type DateCorrection LEGAL_COORD
  field
  beforeOn=before_on
  afterOn=after_on
  correctedAt=corrected_at
type FilingDecision LEGAL_COORD:S about
  decision
  decidedOn=decided_on
  reason LEGAL_COORD
  independentSource=independent_source LEGAL_COORD
type Warrant WARRANTS about
  id STRUCTURE
  status
  source
  issuedOn=issued_on
  version
type CounselOfRecord LEGAL_COORD about
  id STRUCTURE
  defenderAccountId=defender
  agencyId=agency_id
  startsOn=starts_on
  confirmedOn=confirmed_on
  version
type Participant IDENTITY about
  id STRUCTURE
  enrolledOn=+first_enrolled_on ENROLLMENT
  legalCases LEGAL_COORD:S ->{LeadLink}
  counsel LEGAL_COORD ->{CounselOfRecord}
  releases AUDIT ->{Release}
  name ->PersonName
  aliases ->[PersonAlias]
  dateOfBirth=born_on
  dateOfBirthQuality=birth_date_quality
  estimatedBirthYear=estimated_birth_year
  contact CONTACT ->ContactDetails
  demographics DEMOGRAPHICS ->Demographics
  referrals REFERRAL ->{Referral}
  enrollment ENROLLMENT ->Enrollment
  enrollments ENROLLMENT ->{Enrollment}
  notes CASE_NOTES ->{CaseNote}
  goals GOALS_PLAN ->{Goal}
  housing HOUSING ->HousingStatus
  housingHistory HOUSING ->{HousingStatus}
  progressSummary GOALS_PLAN:S ->ProgressSummary
  progressSummaryWordings GOALS_PLAN ->{ProgressSummaryWording}
  assignments ENROLLMENT ->{Assignment}
type PersonName IDENTITY
  given=given_name
  family=family_name
  preferred=preferred_name
  quality=name_quality
  version STRUCTURE
type PersonAlias IDENTITY
  name
  kind
type ContactDetails CONTACT
  phone
  usualPlaces=usual_places
  version STRUCTURE
type Demographics DEMOGRAPHICS
  race
  sex
  genderIdentity=gender_identity
  preferredLanguage=preferred_language
  veteran
  disability
  version STRUCTURE
type Referral REFERRAL about
  id STRUCTURE
  participant IDENTITY ->Participant
  door
  submittedAt=submitted_at
  urgency
  interceptPoint=intercept_point
  counterfactual
  place
  account=+not_to_the_person
  needs
  person ->ReferredPerson
  safetyConcerns=+safety
  personIsAware=person_is_aware
  status ELIGIBILITY
  decisionReason=decision_reason ELIGIBILITY
  decidedAt=decided_at ELIGIBILITY
  providerAgencyId=provider_agency_id ELIGIBILITY
  version ELIGIBILITY
type ReferredPerson REFERRAL
  givenName=person_given_name
  familyName=person_family_name
  alias=person_alias
  description=person_description
type Enrollment ENROLLMENT about
  id STRUCTURE
  status
  enrolledOn=enrolled_on
  intakeCompletedOn=intake_completed_on
  inactiveReason=inactive_reason
  exitedOn=exited_on
  exitReason=exit_reason
  providerAgencyId=provider_agency_id
  version STRUCTURE
  steps ->{EnrollmentStep}
  dateCorrections ->{EnrollmentDateCorrection}
type EnrollmentDateCorrection ENROLLMENT
  field
  beforeOn=before_on
  afterOn=after_on
  reason
  correctedAt=corrected_at
type EnrollmentStep ENROLLMENT
  fromStatus=from_status
  toStatus=to_status
  happenedOn=happened_on
type Assignment ENROLLMENT about
  id STRUCTURE
  agencyId=agency_id
  startsOn=starts_on
  endedAt=ended_at
  version STRUCTURE
  caseManagerId=account_id
type CaseNote CASE_NOTES about
  id STRUCTURE
  mode
  occurredOn=occurred_on
  writtenAt=written_at
  originalText=text
type Goal GOALS_PLAN about
  id STRUCTURE
  ownWords=own_words
  area
  stage
  state
  setOn=set_on
  version STRUCTURE
type HousingStatus HOUSING about
  id STRUCTURE
  situation
  asOf=as_of
  recordedAt=recorded_at
type ProgressSummary GOALS_PLAN:S
  nothingToAdd=is_nothing_to_add
  engagement
  barriers
  whatWouldHelp=what_would_help
  approvedAt=approved_at
type ProgressSummaryWording GOALS_PLAN about
  id STRUCTURE
  state
  nothingToAdd=is_nothing_to_add
  statement
  engagement
  barriers
  whatWouldHelp=what_would_help
  writtenAt=written_at
  approvedAt=approved_at
  version STRUCTURE
type Release AUDIT about
  id STRUCTURE
  number
  kind
  formVersion=form_version
  signedAt=signed_at
  expiresAt=expires_at
  revokedAt=revoked_at
  supersededAt=superseded_at
  version
"""


@dataclass(frozen=True)
class Shape:
    """One field: what it is made of, and what it returns (``one``, ``list``, ``page`` or leaf)."""

    column: str
    labels: tuple[tuple[str, str], ...]
    returns: str | None
    many: str


@dataclass(frozen=True)
class TypeShape:
    """One type: its own label, whether its rows are about one participant, its fields."""

    label: tuple[str, str]
    is_about: bool
    fields: dict[str, Shape]


def _labels(text: str) -> tuple[tuple[str, str], ...]:
    made = []
    for part in text.split("+"):
        category, _, form = part.partition(":")
        made.append((category, form or "R"))
    return tuple(made)


def _read() -> dict[str, TypeShape]:
    types: dict[str, TypeShape] = {}
    current = TypeShape(("STRUCTURE", "R"), is_about=False, fields={})
    for line in f"{_SHAPES}{CARE_SHAPES}{WORK_SHAPES}".split("\n"):
        if not line:
            continue
        words = line.split()
        if words[0] == "type":
            (label,) = _labels(words[2])
            made = TypeShape(label, "about" in words[3:], {})
            current = types.setdefault(words[1], made)
            assert (current.label, current.is_about) == (made.label, made.is_about), line
            continue
        name, _, column = words[0].partition("=")
        labels: tuple[tuple[str, str], ...] = (current.label,)
        returns, many = None, "leaf"
        for word in words[1:]:
            if word.startswith("->"):
                returns = word.strip("->[]{}")
                many = {"[": "list", "{": "page"}.get(word[2], "one")
            else:
                labels = _labels(word)
        current.fields[name] = Shape(column or name, labels, returns, many)
    return types


TYPES = _read()
