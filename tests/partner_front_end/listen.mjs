// Listens as a partner's back end would: graphql-ws and graphql-sse, several streams at once.
// Reads [{name, transport, token, purpose, query, variables}] and writes one line for each thing
// that comes about: {name, connected | data | errors | ended}.
import { readFileSync } from "node:fs";
import { createClient as createSocketClient } from "graphql-ws";
import { createClient as createEventClient } from "graphql-sse";
import WebSocket from "ws";

const url = process.argv[2];
const say = (name, what) => process.stdout.write(`${JSON.stringify({ name, ...what })}\n`);

function overSocket({ name, token, purpose }) {
  return createSocketClient({
    url: url.replace(/^http/, "ws"),
    webSocketImpl: WebSocket,
    lazy: true,
    retryAttempts: 0,
    connectionParams: { authorization: `Bearer ${token}`, purposeOfUse: purpose },
    on: { connected: () => say(name, { connected: true }) },
  });
}

function overEvents({ name, token, purpose }) {
  return createEventClient({
    url,
    retryAttempts: 0,
    headers: { authorization: `Bearer ${token}`, "purpose-of-use": purpose },
    fetchFn: async (...request) => {
      const response = await fetch(...request);
      say(name, { connected: response.ok });
      return response;
    },
  });
}

for (const wanted of JSON.parse(readFileSync(0, "utf-8"))) {
  const client = wanted.transport === "socket" ? overSocket(wanted) : overEvents(wanted);
  client.subscribe(
    { query: wanted.query, variables: wanted.variables },
    {
      next: ({ data, errors }) => say(wanted.name, errors ? { errors } : { data }),
      error: (error) => say(wanted.name, { ended: error.code ?? error.response?.status ?? 0 }),
      complete: () => say(wanted.name, { ended: 1000 }),
    },
  );
}
