// A smoke test of urql: the same list, and what an error and null look like there.
import { readFileSync } from "node:fs";
import { Client, fetchExchange } from "@urql/core";

const [url, token, purpose] = process.argv.slice(2);
const client = new Client({
  url,
  exchanges: [fetchExchange],
  preferGetMethod: false,
  fetchOptions: { headers: { authorization: `Bearer ${token}`, "purpose-of-use": purpose } },
});
const [people] = readFileSync("src/operations.graphql", "utf-8").match(/query People[^]*?\n}\n/);
const good = await client.query(people, { first: 2 }).toPromise();
const refused = await client.query("{ participants { totalCount nothing } }", {}).toPromise();
process.stdout.write(
  JSON.stringify({
    count: good.data?.participants?.edges?.length,
    governed: good.extensions?.consent?.governed,
    error: good.error?.message ?? null,
    refused: refused.error?.graphQLErrors?.map((each) => each.extensions.code),
  }),
);
