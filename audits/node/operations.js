// The operations of graphql/operations/ by name, each followed by the fragments of graphql/fragments/ that it needs.

import { readdirSync, readFileSync } from "node:fs";

function texts(folder) {
  const url = new URL(`../../graphql/${folder}/`, import.meta.url);
  const files = readdirSync(url).sort();
  return Object.fromEntries(files.map((file) => [file.replace(".graphql", ""), readFileSync(new URL(file, url), "utf-8")]));
}

const fragments = texts("fragments");

function complete(text) {
  const parts = new Set([text]);
  for (const part of parts) {
    for (const [, name] of part.matchAll(/\.\.\.(\w+)/g)) parts.add(fragments[name]);
  }
  return [...parts].join("\n");
}

export const operations = Object.fromEntries(
  Object.entries(texts("operations")).map(([name, text]) => [name, complete(text)]),
);
