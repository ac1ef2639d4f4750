"""Policies for tests: the packaged matrix over a small labelled schema."""

from gateway.planner import normalize, parse_operation
from gateway.policy.access_table import AccessTable, compile_table
from gateway.policy.labels import read_labels
from gateway.policy.matrix import load_matrix
from gateway.policy.mutations import MutationRules
from gateway.policy.roles import PrunedOperation, prune
from gateway.supergraph import Supergraph
from infra.vocabulary import Role
from tests.factories.supergraphs import labelled_supergraph

SDL = """
type Query @category(is: "STRUCTURE") {
  participant(id: ID!): Participant
  participants: ParticipantConnection
  myReferrals: ParticipantConnection
  liaisonQueue: ParticipantConnection
  owgAgenda(id: ID!): ParticipantConnection
  courses: [Course!] @category(is: "CATALOGUE")
  case: Case
}
type Mutation @category(is: "STRUCTURE") { addNote(text: String): AddNotePayload! }
type AddNotePayload @category(is: "STRUCTURE") { participant: Participant }
type ParticipantConnection @category(is: "STRUCTURE") { edges: [ParticipantEdge!]! }
type ParticipantEdge @category(is: "STRUCTURE") { node: Participant }
type Participant @category(is: "IDENTITY") @about(participant: "id") {
  id: ID! @category(is: "STRUCTURE")
  name: Name
  notes: [Note] @category(is: "CASE_NOTES")
  goals: String @category(is: "GOALS_PLAN")
  summary: String @category(is: "GOALS_PLAN", as: "SUMMARY")
}
type Note @category(is: "CASE_NOTES") @about(participant: "participantId") {
  participantId: ID! @category(is: "STRUCTURE")
  text: String
}
type Name @category(is: "IDENTITY") { given: String }
type Case @category(is: "LEGAL_PUBLIC", as: "PUBLIC_RECORD") {
  number: String!
  link: Link @category(is: "LEGAL_COORD")
}
type Link @category(is: "LEGAL_COORD") @about(participant: "participantId") {
  participantId: ID! @category(is: "STRUCTURE")
  relation: String
}
type Course @category(is: "CATALOGUE") { number: String! }
"""

MUTATIONS = MutationRules({"addNote": frozenset({Role.CM})})


def supergraph() -> Supergraph:
    """Return the small supergraph."""
    return labelled_supergraph(SDL)


def table(of: Supergraph | None = None) -> AccessTable:
    """Return its access table; own lists are none here."""
    chosen = of or supergraph()
    return compile_table(chosen, read_labels(chosen), load_matrix(), MUTATIONS)


def pruned(document: str, column: str, *, has_person_purpose: bool = True) -> PrunedOperation:
    """Run the role pass over a document as one column."""
    chosen = supergraph()
    access = table(chosen)
    operation = normalize(parse_operation(document, None, chosen))
    view = access.view(column, has_person_purpose=has_person_purpose)
    return prune(operation, view, access.labels)
