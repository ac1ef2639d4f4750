// What a Relay application of a partner declares; the compiler checks it against the schema.
import { graphql } from "relay-runtime";

export const query = graphql`
  query PeopleQuery($first: Int!, $after: String) {
    ...People_list @arguments(first: $first, after: $after)
  }
`;

export const list = graphql`
  fragment People_list on Query
  @refetchable(queryName: "PeoplePageQuery")
  @argumentDefinitions(first: { type: "Int!" }, after: { type: "String" }) {
    participants(first: $first, after: $after) @connection(key: "People_participants") {
      totalCount
      edges { node { id ...People_person } }
    }
  }
`;

export const person = graphql`
  fragment People_person on Participant {
    name @required(action: NONE) { given family }
    goals(first: 20) { edges { node { ownWords state } } }
  }
`;

export const addGoal = graphql`
  mutation PeopleAddGoalMutation($input: AddGoalInput!) @raw_response_type {
    addGoal(input: $input) { goal { id ownWords state } userErrors { code field } }
  }
`;
