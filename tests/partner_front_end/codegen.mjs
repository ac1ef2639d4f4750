// Writes src/generated.ts from the schema of the caller's role (GET /schema.graphql) and the operations.
import { readFileSync, writeFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import * as typedDocumentNode from "@graphql-codegen/typed-document-node";
import * as typescript from "@graphql-codegen/typescript";
import * as typescriptOperations from "@graphql-codegen/typescript-operations";
import { parse } from "graphql";

const read = (name) => parse(readFileSync(name, "utf-8"));
const written = await codegen({
  filename: "src/generated.ts",
  schema: read("schema.graphql"),
  documents: [{ location: "src/operations.graphql", document: read("src/operations.graphql") }],
  config: {
    enumsAsTypes: true,
    onlyOperationTypes: true,
    useTypeImports: true,
    strictScalars: true,
    defaultScalarType: "unknown",
    scalars: { Date: "string", DateTime: "string", JSON: "unknown" },
  },
  plugins: [{ typescript: {} }, { typescriptOperations: {} }, { typedDocumentNode: {} }],
  pluginMap: { typescript, typescriptOperations, typedDocumentNode },
});
writeFileSync("src/generated.ts", written);
