// Composes cases/CASE/*.graphql: `node compose_cases.mjs apollo|guild FOLDER_WITH_NODE_MODULES CASE...`.
// Writes CASE/supergraph.graphql (apollo) or CASE/guild.supergraph.graphql (guild).
// Needs @apollo/composition or @theguild/federation-composition, and graphql, in that folder:
// nobody needs them to run the tests, since the composed files are committed.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [composer, modules, ...names] = process.argv.slice(2);
const load = createRequire(resolve(modules, "package.json"));
const { parse } = load("graphql");
const { composeServices } = load(
  composer === "apollo" ? "@apollo/composition" : "@theguild/federation-composition",
);
const cases = join(dirname(fileURLToPath(import.meta.url)), "cases");

let failed = 0;
for (const name of names.length ? names : readdirSync(cases)) {
  const folder = join(cases, name);
  const services = readdirSync(folder)
    .filter((file) => file.endsWith(".graphql"))
    .filter((file) => !/(^|\.)supergraph\.graphql$|\.query\.graphql$/.test(file))
    .sort()
    .map((file) => ({
      name: basename(file, ".graphql"),
      url: `http://${basename(file, ".graphql")}.test/graphql`,
      typeDefs: parse(readFileSync(join(folder, file), "utf8"), { noLocation: true }),
    }));
  const result = composeServices(services);
  if (result.errors?.length) {
    failed += 1;
    console.error(`${name}: ${result.errors.map((error) => error.message).join("\n  ")}`);
    continue;
  }
  const file = composer === "apollo" ? "supergraph.graphql" : "guild.supergraph.graphql";
  writeFileSync(join(folder, file), result.supergraphSdl.trim() + "\n");
}
process.exit(failed ? 1 : 0);
