"""Coordinates of what partners do together, as in ``shapes``: meetings, letters, referral forms.

A type that ``shapes`` has already is gone on with here.
"""

WORK_SHAPES = """
type Query STRUCTURE
  owgMeetings AGENCY_ROLES ->{OwgMeeting}
  owgMeeting AGENCY_ROLES ->OwgMeeting
  owgAgenda OWG:S ->{OwgAgendaItem}
  liaisonQueue LEGAL_COORD:S ->{LeadLink}
  courtLetter GOALS_PLAN:S ->CourtLetter
type OwgMeeting AGENCY_ROLES
  id STRUCTURE
  startsAt=starts_at
  place
  status
  minutes
  pledgeText=+pledge_text
  pledgeVersion=+pledge_version
  attendees ->[OwgAttendee]
  myInvitation ->OwgAttendee
  version
type OwgAttendee AGENCY_ROLES
  id STRUCTURE
  accountId=account
  agency ->Agency
  role
  pledgedAt=pledged_at
  pledgeVersion=pledge_version
  pledgeText=+signed_text
  hasAttended=has_attended
type OwgAgendaItem OWG:S about
  id STRUCTURE
  participant ->Participant
  topic
  question
  status
  notes OWG ->[ConferenceNote]
  actions ->[ConferenceAction]
  mustStepOut OWG ->[Agency]
  version
type ConferenceNote OWG about
  id STRUCTURE
  body
  agencyId=agency_id
  writtenAt=written_at
type ConferenceAction OWG:S about
  id STRUCTURE
  what
  responsibleAgency ->Agency
  dueOn=due_on
  status
  version
type Participant IDENTITY about
  courtLetters GOALS_PLAN:S ->[CourtLetter]
type CourtLetter GOALS_PLAN:S about
  id STRUCTURE
  participation=+takes_part ENROLLMENT:S
  statement
  whatWouldHelp=what_would_help
  caseNumber=+letter_case LEGAL_COORD:S
  defendantName=+letter_defendant LEGAL_COORD:S
  courtName=+letter_court LEGAL_COORD:S
  courtAgencyId=court_id LEGAL_COORD:S
  isCourtNamed=+court_is_named LEGAL_COORD
  status
  writtenAt=written_at
  approvedAt=approved_at
  deliveredAt=delivered_at
  recipientName=recipient_name
  deliveryMethod=delivery_method
  documentSha256=document_sha256
  version
type Referral REFERRAL about
  receipt=+receipt
  arrestDiversion ->ArrestDiversionDetails
  socialContact ->SocialContactDetails
  community ->CommunityDetails
  referrer ->ReferrerContact
  exclusionAnswers ->[ExclusionAnswer]
  protocolVersion ->ProtocolVersion
type ArrestDiversionDetails REFERRAL
  incidentNumber=incident_number
  offenceCode=offence_code
  statute
  approvingSupervisor=approving_supervisor
  drugAmountGrams=drug_amount_grams
  victimConsulted=victim_consulted
type SocialContactDetails REFERRAL
  pattern
  contactsInNinetyDays=contacts_in_ninety_days
type CommunityDetails REFERRAL
  concern
  relation
type ReferrerContact REFERRAL
  name
  phone
  email
  unit
type ExclusionAnswer REFERRAL
  code
  applies
type ProtocolVersion REFERRAL
  id STRUCTURE
  number
  title
"""
