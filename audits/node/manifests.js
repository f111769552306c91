// Writes the manifests of the operations as Apollo Client and urql send them: node manifests.js FOLDER

import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";

import { InMemoryCache } from "@apollo/client";
import { formatDocument, stringifyDocument } from "@urql/core";
import { parse, print } from "graphql";

import { operations } from "./operations.js";

const [folder] = process.argv.slice(2);
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const cache = new InMemoryCache();

const ofApollo = Object.entries(operations).map(([name, text]) => {
  const document = parse(text);
  const body = print(cache.transformDocument(document));
  return { id: sha256(body), name, type: document.definitions[0].operation, body };
});
const ofUrql = Object.values(operations).map((text) => {
  const sent = stringifyDocument(formatDocument(parse(text)));
  return [sha256(sent), sent];
});

const apollo = { format: "apollo-persisted-query-manifest", version: 1, operations: ofApollo };
writeFileSync(`${folder}/apollo.json`, JSON.stringify(apollo));
writeFileSync(`${folder}/urql.json`, JSON.stringify(Object.fromEntries(ofUrql)));
