"""Coordinates of daily care, of work with the court and of consent itself, as in ``shapes``.

A type that ``shapes`` has already is gone on with here.
"""

CARE_SHAPES = """
type Query STRUCTURE
  courtCalendar LEGAL_COORD ->{CourtDate}
type Participant IDENTITY about
  plan GOALS_PLAN ->CarePlan
  planHistory GOALS_PLAN ->{CarePlan}
  assessments PSYCHOSOCIAL ->{Assessment}
  encounters CASE_NOTES ->{Encounter}
  servicesArranged GOALS_PLAN ->{ArrangedService}
  income INCOME ->IncomeStatus
  incomeHistory INCOME ->{IncomeStatus}
  benefits INCOME ->{Benefit}
  naloxone SUD ->{NaloxoneGiven}
  overdoses SUD ->{OverdoseEvent}
  fundSpending INCOME ->{FundSpend}
  documents CASE_NOTES ->{Document}
  appointments GOALS_PLAN ->{Appointment}
  contactAttempts CASE_NOTES ->{ContactAttempt}
  programmePlaces ENROLLMENT ->{ProgrammePlace}
  restrictions AUDIT ->[Restriction]
  emergencyAccesses AUDIT ->{EmergencyAccess}
  incidents AUDIT ->[Incident]
  legalDemands AUDIT ->[LegalDemand]
  courtOrders AUDIT ->[CourtOrder]
  amendmentRequests AUDIT ->[AmendmentRequest]
  handouts AUDIT ->[Handout]
  bindings AUDIT ->[Binding]
  duties AUDIT ->{Duty}
type CarePlan GOALS_PLAN about
  id STRUCTURE
  recordedAt=recorded_at
  recordedByName=+keeper
  number
  hopes
  strengths
  supports
  agreedOn=agreed_on
  reviewOn=review_on
type Goal GOALS_PLAN about
  steps ->{GoalStep}
  progress ->{GoalProgress}
type GoalStep GOALS_PLAN about
  id STRUCTURE
  recordedAt=recorded_at
  recordedByName=+keeper
  what
  doer
  state
  plannedOn=planned_on
  version STRUCTURE
  history ->{GoalStepEvent}
type GoalStepEvent GOALS_PLAN
  fromState=from_state
  toState=to_state
  happenedOn=happened_on
  ownWords=own_words
  recordedAt=recorded_at
type GoalProgress GOALS_PLAN
  marker
  ownWords=own_words
  notedOn=noted_on
  recordedAt=recorded_at
type Assessment PSYCHOSOCIAL about
  id STRUCTURE
  recordedAt=recorded_at
  recordedByName=+keeper
  instrument
  instrumentVersion=instrument_version
  takenOn=taken_on
  state
  wording
  signedAt=signed_at
  signedByName=+signer
  version STRUCTURE
  answers ->[AssessmentAnswer]
  earlierAnswers ->[AssessmentAnswer]
  scores ->[AssessmentScore]
type AssessmentAnswer PSYCHOSOCIAL
  wording
  item
  category
  state
  choices
  number
  text
type AssessmentScore PSYCHOSOCIAL
  key
  title
  points
  meaning
type Encounter CASE_NOTES about
  id STRUCTURE
  recordedAt=recorded_at
  recordedByName=+keeper
  mode
  outcome
  occurredOn=occurred_on
  minutes
  withWhom=with_whom
  place=+place_of_encounter CONTACT
type ArrangedService GOALS_PLAN about
  id STRUCTURE
  recordedAt=recorded_at
  recordedByName=+keeper
  kind
  provider
  arrangedOn=arranged_on
  state
  version STRUCTURE
  history ->{ArrangedServiceMove}
type ArrangedServiceMove GOALS_PLAN
  happenedOn=happened_on
  remark
  recordedAt=recorded_at
  fromState=from_state
  toState=to_state
type IncomeStatus INCOME about
  id STRUCTURE
  recordedAt=recorded_at
  recordedByName=+keeper
  anySource=any_source
  monthlyCents=monthly_cents
  sources
  asOf=as_of
type Benefit INCOME about
  id STRUCTURE
  recordedAt=recorded_at
  recordedByName=+keeper
  kind
  appliedOn=applied_on
  state
  version STRUCTURE
  history ->{BenefitMove}
type BenefitMove INCOME
  happenedOn=happened_on
  remark
  recordedAt=recorded_at
  fromState=from_state
  toState=to_state
type NaloxoneGiven SUD about
  id STRUCTURE
  recordedAt=recorded_at
  recordedByName=+keeper
  givenOn=given_on
  kits
  givenTo=given_to
  wasShown=was_shown
type OverdoseEvent SUD about
  id STRUCTURE
  recordedAt=recorded_at
  recordedByName=+keeper
  occurredOn=occurred_on
  outcome
  naloxoneUsed=naloxone_used
  emergencyCalled=emergency_called
  hospital
  toldBy=told_by
type FundSpend INCOME about
  id STRUCTURE
  recordedAt=recorded_at
  recordedByName=+keeper
  purpose
  amountCents=amount_cents
  askedOn=asked_on
  payee
  fund
  state
  version STRUCTURE
  history ->{FundSpendMove}
type FundSpendMove INCOME
  happenedOn=happened_on
  remark
  recordedAt=recorded_at
  fromState=from_state
  toState=to_state
type Document CASE_NOTES about
  id STRUCTURE
  recordedAt=recorded_at
  recordedByName=+keeper
  kind
  title
  mediaType=media_type
  sizeBytes=size_bytes
  sha256
  datedOn=dated_on
  state
  version STRUCTURE
type Appointment GOALS_PLAN about
  id STRUCTURE
  recordedAt=recorded_at
  recordedByName=+keeper
  kind
  startsAt=starts_at
  withWhom=with_whom
  remindBy=remind_by
  remindAt=remind_at
  remindedAt=reminded_at
  state
  version STRUCTURE
  history ->{AppointmentMove}
  place=+place_of_appointment CONTACT
type AppointmentMove GOALS_PLAN
  happenedOn=happened_on
  remark
  recordedAt=recorded_at
  fromState=from_state
  toState=to_state
type ContactAttempt CASE_NOTES about
  id STRUCTURE
  mode
  outcome
  attemptedAt=attempted_at
  place=+place_of_attempt CONTACT
type ProgrammePlace ENROLLMENT about
  id STRUCTURE
  enteredOn=entered_on
  leftOn=left_on
  isLodged=+lodging HOUSING
  version STRUCTURE
type CaseNote CASE_NOTES about
  text=+newest_text
  authorName=+author
  topics=+topics
  signOff ->NoteSignOff
  amendments ->{NoteAmendment}
  version=+wordings
type NoteSignOff CASE_NOTES
  wording
  isCurrent=is_current
  signedAt=signed_at
  signedByName=+signer
type NoteAmendment CASE_NOTES
  text
  reason
  writtenAt=written_at
  authorName=+author
type ContactDetails CONTACT
  emergencyContact ->EmergencyContact
  isConfidential=is_confidential
type EmergencyContact CONTACT
  name=emergency_name
  relation=emergency_relation
  phone=emergency_phone
type Demographics DEMOGRAPHICS
  preferredLanguageState=language_state
type EnrollmentStep ENROLLMENT
  recordedAt=happened_at
type Assignment ENROLLMENT about
  caseManagerName=+manager
type ProgressSummary GOALS_PLAN:S
  statement
type ProgressSummaryWording GOALS_PLAN about
  writtenByName=+writer
  approvedByName=+approver
type Referral REFERRAL about
  occurredAt=occurred_at
  preferredLanguage=preferred_language
  personAgreed=person_agreed
  exceptionReason=exception_reason ELIGIBILITY
  queuedSince=queued_since ELIGIBILITY
type Hearing LEGAL_PUBLIC:P
  id STRUCTURE
  isCancelled=is_cancelled
type Charge LEGAL_PUBLIC:P
  id STRUCTURE
type LeadLink LEGAL_COORD:S about
  requests ->[CoordinationRequest]
  isEnded=+ended LEGAL_COORD
type CoordinationRequest LEGAL_COORD:S about
  id STRUCTURE
  kind
  context
  status
  answer
  agencyId=agency_id
  requestedAt=requested_at
  answeredAt=answered_at
  version
type CounselOfRecord LEGAL_COORD about
  isEnded=+ended
type CourtDate LEGAL_COORD about
  hearingId=id STRUCTURE
  participant ->Participant
  link ->LeadLink
  at=starts_at
  kind
  courtroom
  isCancelled=is_cancelled
  caseNumber=+case_number
  court ->Court
type Agency CATALOGUE
  id STRUCTURE
  name
  type=type
type RoleGrant AGENCY_ROLES
  reason
  grantedAt=granted_at
  version
type Release AUDIT about
  status=+release_status
  missingElements=missing_elements
  recordedAt=recorded_at
  language
  documentSha256=document_sha256
  copyGivenAt=copy_given_at
  packetId=packet_id
  covers
  expiryEvent=expiry_event
  narrowedFrom=narrowed_from
  revocationMethod=revocation_method
  revocationSaidAt=revocation_said_at
  discloser ->Agency
  provisions ->[ReleaseProvision]
type ReleaseProvision AUDIT
  effect=+effect
  categories
  purposes
  dataFrom=data_from
  dataTo=data_to
  expiresAt=expires_at
  recipient ->Agency
type Restriction AUDIT about
  id STRUCTURE
  category
  purpose
  recordedAt=recorded_at
  liftedAt=lifted_at
  version
  agency ->Agency
type EmergencyAccess AUDIT about
  id STRUCTURE
  recipientName=recipient_name
  recipientFacility=recipient_facility
  discloser
  startsAt=starts_at
  endsAt=ends_at
  natureOfEmergency=nature
  unobtainableBecause=unobtainable_because
  agency ->Agency
type Incident AUDIT about
  id STRUCTURE
  what
  reportedAt=reported_at
  frozenAt=frozen_at
  liftedAt=lifted_at
  assessedAt=assessed_at
  isBreach=is_breach
  outcome
  version
  agency ->Agency
type LegalDemand AUDIT about
  id STRUCTURE
  kind
  issuedBy=issued_by
  orderNumber=order_number
  scope
  returnOn=return_on
  recordedAt=recorded_at
  holdEndedAt=hold_ended_at
  outcome
  version
type CourtOrder AUDIT about
  id STRUCTURE
  number
  counselName=counsel_name
  categories
  dataFrom=data_from
  dataTo=data_to
  expiresAt=expires_at
  admittedAt=admitted_at
  endedAt=ended_at
  endReason=end_reason
  version
  recipient ->Agency
type AmendmentRequest AUDIT about
  id STRUCTURE
  category
  what
  requestedAt=requested_at
  isAccepted=is_accepted
  answer
  answeredAt=answered_at
type Handout AUDIT about
  id STRUCTURE
  kind
  what
  language
  givenAt=given_at
type Binding AUDIT about
  id STRUCTURE
  kind
  authority
  startsAt=starts_at
  endsAt=ends_at
  version
type Duty AUDIT about
  id STRUCTURE
  kind
  raisedAt=raised_at
  dueAt=due_at
  doneAt=done_at
  outcome
  version
"""
