// Reads [{name, sdl}] as JSON from standard input, composes, writes {supergraph} or {errors} as JSON.
import { readFileSync } from "node:fs";
import { composeServices } from "@theguild/federation-composition";
import { parse } from "graphql";

const subgraphs = JSON.parse(readFileSync(0, "utf8"));
const services = subgraphs.map(({ name, sdl }) => ({
  name,
  url: `http://${name}.invalid/graphql`,
  typeDefs: parse(sdl, { noLocation: true }),
}));
const result = composeServices(services);
const answer = result.errors?.length
  ? { errors: result.errors.map((error) => error.message) }
  : { supergraph: result.supergraphSdl };
process.stdout.write(JSON.stringify(answer));
