// Composes one federation per line of standard input: [{name, sdl}] in, {supergraph} or {errors} out.
//   node compose.mjs FOLDER   (a folder in whose node_modules @apollo/composition is installed)
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(resolve(process.argv[2], "package.json"));
const { composeServices } = require("@apollo/composition");
const { parse } = require("graphql");

for await (const line of createInterface({ input: process.stdin })) {
  const services = JSON.parse(line).map(({ name, sdl }) => ({
    name,
    url: `http://${name}.test/graphql`,
    typeDefs: parse(sdl, { noLocation: true }),
  }));
  const { errors, supergraphSdl } = composeServices(services);
  const answer = errors?.length
    ? { errors: errors.map((error) => error.message) }
    : { supergraph: supergraphSdl };
  process.stdout.write(JSON.stringify(answer) + "\n");
}
