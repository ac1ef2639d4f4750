// One page: people in pages, one person's goals, and what cannot be shown told from what is not there.
import { CombinedGraphQLErrors, type ErrorLike } from "@apollo/client";
import { print } from "graphql";
import { apollo, governed, streams, type Session } from "./client";
import {
  AddGoalDocument,
  NotesDocument,
  PeopleDocument,
  PersonDocument,
  ReleaseChangedDocument,
  type PersonQuery,
  type ReleaseChangedSubscription,
} from "./generated";

const asked = new URLSearchParams(location.hash.slice(1));
const session: Session = { token: asked.get("token") ?? "", purpose: asked.get("purpose") ?? "" };
const client = apollo(session);
const place = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no ${id}`);
  return found;
};

type Name = { given?: string | null; family?: string | null } | null | undefined;
const named = (name: Name): string =>
  name ? `${name.given ?? ""} ${name.family ?? ""}`.trim() : "(not told)";

function tellProblems(error: ErrorLike | undefined): void {
  place("problems").replaceChildren();
  if (!CombinedGraphQLErrors.is(error)) {
    if (error) place("problems").append(line("NO_ANSWER"));
    return;
  }
  for (const each of error.errors) {
    const said = each.extensions ?? {};
    place("problems").append(line([said["code"], said["coordinate"]].filter(Boolean).join(" ")));
  }
}

function line(text: string, isPending = false): HTMLLIElement {
  const item = document.createElement("li");
  item.textContent = text;
  if (isPending) item.className = "pending";
  return item;
}

const people = client.watchQuery({
  query: PeopleDocument,
  variables: { first: 2 },
  errorPolicy: "all", // part of an answer is worth showing: the rest says why it is not there
});
people.subscribe((result) => {
  tellProblems(result.error);
  const page = result.dataState === "complete" ? result.data.participants : null;
  place("total").textContent = String(page?.totalCount ?? "");
  place("people").replaceChildren(
    ...(page?.edges ?? []).map((edge) => line(named(edge.node?.name))),
  );
  place("more").toggleAttribute("disabled", !page?.pageInfo.hasNextPage);
});
place("more").addEventListener("click", () => {
  const { data } = people.getCurrentResult();
  const after = (data as { participants?: { pageInfo?: { endCursor?: string | null } } } | undefined)
    ?.participants?.pageInfo?.endCursor;
  void people.fetchMore({ variables: { after } });
});

const id = asked.get("participant");
if (id !== null) openPerson(id);

function openPerson(id: string): void {
  const person = client.watchQuery({
    query: PersonDocument,
    variables: { id },
    errorPolicy: "all",
  });
  person.subscribe((result) => {
    if (result.dataState === "complete") show(result.data.participant);
    if (result.error) tellProblems(result.error);
  });
  place("add").addEventListener("click", () => void addGoal(id));
  place("notes").addEventListener("click", async () => {
    const answer = await client.query({
      query: NotesDocument,
      variables: { id },
      errorPolicy: "all",
      fetchPolicy: "network-only",
    });
    tellProblems(answer.error);
    const told = answer.data?.participant?.notes;
    place("notes-told").textContent = told ? `${told.totalCount} notes` : explained("participant.notes");
  });
  listen(id);
}

/** Null is "nothing there" or "withheld" where consent governs; nobody can tell which. */
function explained(path: string): string {
  return governed.has(path) ? "nothing, or not released to you" : "nothing";
}

function show(person: PersonQuery["participant"]): void {
  place("person").textContent = person ? named(person.name) : explained("participant");
  place("housing").textContent = person?.housing?.display ?? explained("participant.housing");
  place("goals").replaceChildren(
    ...(person?.goals?.edges ?? []).map(({ node }) =>
      line(node?.ownWords ?? "", node?.id?.startsWith("pending") ?? false),
    ),
  );
}

// The day where the user is, not UTC's, which in a western evening is tomorrow's. (sv: YYYY-MM-DD)
function today(): string {
  return new Date().toLocaleDateString("sv");
}

async function addGoal(participantId: string): Promise<void> {
  const ownWords = (place("words") as HTMLInputElement).value;
  const key = crypto.randomUUID();
  const setOn = today();
  const goal = {
    __typename: "Goal" as const,
    id: `pending-${key}`,
    ownWords,
    stage: "PREPARATION" as const,
    state: "OPEN" as const,
  };
  const answer = await client.mutate({
    mutation: AddGoalDocument,
    errorPolicy: "all",
    variables: {
      input: { participantId, idempotencyKey: key, ownWords, setOn, area: "HOUSING", stage: "PREPARATION" },
    },
    optimisticResponse: { addGoal: { __typename: "GoalPayload", goal, userErrors: [] } } as never,
    update(cache, { data }) {
      const made = data?.addGoal?.goal;
      if (!made) return; // refused: the optimistic line goes by itself
      cache.updateQuery({ query: PersonDocument, variables: { id: participantId } }, (old) => {
        const goals = old?.participant?.goals;
        if (!old?.participant || !goals) return old;
        const edges = [...(goals.edges ?? []), { __typename: "GoalEdge" as const, node: made }];
        return {
          ...old,
          participant: { ...old.participant, goals: { ...goals, edges } },
        } as typeof old;
      });
    },
  });
  const refused = answer.data?.addGoal?.userErrors ?? [];
  place("refused").replaceChildren(...refused.map((each) => line(each.code)));
  tellProblems(answer.error);
}

function listen(participantId: string): void {
  streams(session).subscribe<ReleaseChangedSubscription>(
    { query: print(ReleaseChangedDocument), variables: { participantId } },
    {
      next: ({ data }) => {
        if (data?.releaseChanged) place("releases").append(line(String(data.releaseChanged.status)));
      },
      error: () => place("stream").replaceChildren("closed"),
      complete: () => place("stream").replaceChildren("closed"),
    },
  );
  place("stream").replaceChildren("open");
}
