// How a partner talks to the gateway: token, purpose, and what null means.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { relayStylePagination } from "@apollo/client/utilities";
import { createClient } from "graphql-sse";
import { map, mergeMap, of, timer, type Observable } from "rxjs";

export type Session = { token: string; purpose: string };

type Consent = { consent?: { governed?: string[] } };

/** Response paths of the last answer for which null may mean "withheld". */
export const governed = new Set<string>();

const headersOf = (session: Session): Record<string, string> => ({
  authorization: `Bearer ${session.token}`,
  "purpose-of-use": session.purpose,
});

const TRIES = 30;
const PAUSE_MILLISECONDS = 500;

const isOutage = (result: ApolloLink.Result): boolean =>
  (result.errors ?? []).some((each) => each.extensions?.["code"] === "SERVICE_UNAVAILABLE");

/** Asks again while a service is away: nothing is lost, and a mutation's key makes it harmless. */
const patient = new ApolloLink((operation, forward) => {
  const attempt = (left: number): Observable<ApolloLink.Result> =>
    forward(operation).pipe(
      mergeMap((result) =>
        left > 0 && isOutage(result)
          ? timer(PAUSE_MILLISECONDS).pipe(mergeMap(() => attempt(left - 1)))
          : of(result),
      ),
    );
  return attempt(TRIES);
});

export function apollo(session: Session): ApolloClient {
  const listening = new ApolloLink((operation, forward) =>
    forward(operation).pipe(
      map((result) => {
        const said = result.extensions as Consent | undefined;
        for (const path of said?.consent?.governed ?? []) governed.add(path);
        return result;
      }),
    ),
  );
  return new ApolloClient({
    link: ApolloLink.from([
      patient,
      listening,
      new HttpLink({ uri: "/graphql", headers: headersOf(session) }),
    ]),
    cache: new InMemoryCache({
      typePolicies: { Query: { fields: { participants: relayStylePagination() } } },
    }),
  });
}

export const streams = (session: Session) =>
  createClient({ url: "/subscriptions", headers: headersOf(session), retryAttempts: 0 });
