// Generates the types and texts of the operations: node codegen.mjs GRAPHQL_FOLDER OUTPUT

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, parse as parsePath } from "node:path";

import { codegen } from "@graphql-codegen/core";
import * as typescriptOperations from "@graphql-codegen/typescript-operations";
import { buildASTSchema, getNamedType, isUnionType, parse, visit } from "graphql";

const [folder, output] = process.argv.slice(2);
const schema = parse(readFileSync(`${folder}/schema.graphql`, "utf-8"));
const builtSchema = buildASTSchema(schema);
const fragments = read("fragments");
const operations = new Map([...read("operations")].filter(([, { document }]) => !isForApiClients(document)));
for (const [name] of fragments) {
  if (![...operations.values()].some(({ document }) => neededBy(document).includes(name))) fragments.delete(name);
}

const generated = await codegen({
  filename: output,
  schema,
  schemaAst: builtSchema,
  documents: [...operations.values(), ...fragments.values()],
  config: {},
  plugins: [
    { types: { scalars: { DateTime: "string", BigInt: "string", ID: "string" }, skipTypename: true } },
    { methods: {} },
  ],
  pluginMap: { types: typescriptOperations, methods: { plugin: methods } },
});
mkdirSync(dirname(output), { recursive: true });
writeFileSync(output, generated);

/** Reads the documents of a folder, by the names of their files. */
function read(name) {
  const files = readdirSync(`${folder}/${name}`)
    .filter((file) => file.endsWith(".graphql"))
    .sort();
  const documents = files.map((file) => {
    const text = readFileSync(`${folder}/${name}/${file}`, "utf-8");
    return [parsePath(file).name, { location: file, text, document: parse(text) }];
  });
  return new Map(documents);
}

/** Whether an operation needs the secret of an API client, which no app may have. */
function isForApiClients(document) {
  const [{ operation, selectionSet }] = document.definitions;
  const fields = builtSchema.getRootType(operation).getFields();
  return selectionSet.selections.some(({ name }) => {
    const type = getNamedType(fields[name.value].type);
    return isUnionType(type) && type.getTypes().some((member) => member.name === "NotAuthorizedError");
  });
}

/** Adds a method for each operation, with its root field's description, and the operations' texts. */
function methods(schema) {
  const all = [...operations].map(([name, { text, document }]) => {
    const [{ operation, variableDefinitions, selectionSet }] = document.definitions;
    if (selectionSet.selections.length !== 1) throw new Error(`${name} must have exactly one root field.`);
    const { name: field, description } = schema.getRootType(operation).getFields()[
      selectionSet.selections[0].name.value
    ];
    const type = `${name}${operation === "query" ? "Query" : "Mutation"}`;
    const method = name[0].toLowerCase() + name.slice(1);
    const parameter = parameterOf(variableDefinitions, `${type}Variables`);
    return { method, kind: operation, field, description, type, parameter, text, needed: neededBy(document) };
  });
  const constants = [...fragments].map(([name, { text }]) => `const ${name} = ${JSON.stringify(text)};`);
  const signatures = all.map(({ method, description, type, field, parameter }) => {
    const result = `Promise<Result<${type}["${field}"]>>`;
    return `  /** ${description} */\n  ${method}(${parameter.typed}options?: CallOptions): ${result};`;
  });
  const documents = all.map(({ method, kind, field, parameter, text, needed }) => {
    const whole = [text, ...needed.map((name) => fragments.get(name).text)].join("\n");
    const id = `sha256:${createHash("sha256").update(whole).digest("hex")}`;
    const expression = [JSON.stringify(text), ...needed].join(' + "\\n" + ');
    const properties = `kind: "${kind}", field: "${field}", parameter: ${parameter.kind}, id: "${id}"`;
    return `  ${method}: { ${properties}, text: ${expression} },`;
  });
  return {
    prepend: [`import type { CallOptions, Operation, Result } from "../operations.js";\n`],
    content: [
      constants.join("\n"),
      `export interface Methods {\n${signatures.join("\n")}\n}`,
      `export const operations: { readonly [name in keyof Methods]: Operation } = {\n${documents.join("\n")}\n};\n`,
    ].join("\n\n"),
  };
}

/** A method takes the input itself if that is the operation's only variable. */
function parameterOf(definitions, type) {
  if (definitions.length === 0) return { kind: "null", typed: "" };
  if (definitions.map(({ variable }) => variable.name.value).join() === "input") {
    return { kind: '"input"', typed: `input: ${type}["input"], ` };
  }
  const optional = definitions.every((definition) => definition.type.kind !== "NonNullType");
  return { kind: '"variables"', typed: `variables${optional ? "?" : ""}: ${type}, ` };
}

/**
 * Returns the names of the fragments that a document needs, in the order in which the service appends them: it knows
 * its operations by their whole text.
 */
function neededBy(document) {
  const needed = spreads(document);
  for (const name of needed) {
    const more = spreads(fragments.get(name).document);
    needed.push(...more.filter((each) => !needed.includes(each))); // the loop goes on with these
  }
  return needed;
}

function spreads(document) {
  const names = new Set();
  visit(document, { FragmentSpread: ({ name }) => void names.add(name.value) });
  return [...names];
}
