// GraphQL clients with their default settings, so that they send what a page or an app would send.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { generatePersistedQueryIdsFromManifest } from "@apollo/persisted-query-lists";
import { Client, cacheExchange, fetchExchange } from "@urql/core";
import { cacheExchange as graphcache } from "@urql/exchange-graphcache";
import { persistedExchange } from "@urql/exchange-persisted";
import { buildSchema, introspectionFromSchema, isObjectType } from "graphql";
import { GraphQLClient } from "graphql-request";

const read = (file) => readFileSync(new URL(`../../graphql/${file}`, import.meta.url), "utf-8");
const possibleTypes = JSON.parse(read("possible-types.json"));
const built = buildSchema(read("schema.graphql"));
const schema = introspectionFromSchema(built);
const embedded = Object.values(built.getTypeMap()).filter((type) => isObjectType(type) && !("id" in type.getFields()));
const keys = Object.fromEntries(embedded.map(({ name }) => [name, () => null]));
const isQuery = (document) => document.definitions[0].operation === "query";
const sha256 = (text) => createHash("sha256").update(text).digest("hex");

function apollo(url, ...links) {
  let headers = {};
  const authorized = new SetContextLink(({ headers: own }) => ({ headers: { ...own, ...headers } }));
  const link = [authorized, ...links, new HttpLink({ uri: url })].reduce((chain, next) => chain.concat(next));
  const client = new ApolloClient({ link, cache: new InMemoryCache({ possibleTypes }) });
  return {
    signIn: (token) => (headers = token ? { authorization: `Bearer ${token}` } : {}),
    run: async (document, variables) => {
      const sent = isQuery(document)
        ? client.query({ query: document, variables, fetchPolicy: "network-only" })
        : client.mutate({ mutation: document, variables });
      return (await sent).data;
    },
  };
}

function urql(url, ...exchanges) {
  let headers = {};
  const client = new Client({ url, exchanges: [...exchanges, fetchExchange], fetchOptions: () => ({ headers }) });
  return {
    signIn: (token) => (headers = token ? { authorization: `Bearer ${token}` } : {}),
    run: async (document, variables = {}) => {
      const context = { requestPolicy: "network-only" };
      const { data, error } = await client[isQuery(document) ? "query" : "mutation"](document, variables, context);
      if (error) throw error;
      return data;
    },
  };
}

function graphqlRequest(url) {
  const client = new GraphQLClient(url);
  return {
    signIn: (token) => client.setHeaders(token ? { authorization: `Bearer ${token}` } : {}),
    run: (document, variables) => client.request(document, variables),
  };
}

/** Factories of clients, by name. Each takes the endpoint's URL and returns `signIn(token)` and `run(document, variables)`. */
export const clients = {
  "Apollo Client": (url) => apollo(url),
  "Apollo Client with persisted queries": (url) => apollo(url, new PersistedQueryLink({ sha256 })),
  "Apollo Client with persisted queries by GET": (url) =>
    apollo(url, new PersistedQueryLink({ sha256, useGETForHashedQueries: true })),
  urql: (url) => urql(url, cacheExchange),
  "urql with graphcache": (url) => urql(url, graphcache({ schema, keys })),
  "urql with persisted queries": (url) =>
    urql(url, cacheExchange, persistedExchange({ preferGetForPersistedQueries: true })),
  "graphql-request": graphqlRequest,
};

/** The same for clients that send only the ids of trusted documents, with Apollo's manifest. */
export const trusting = (manifest) => ({
  "Apollo Client with a manifest": (url) =>
    apollo(url, new PersistedQueryLink(generatePersistedQueryIdsFromManifest({ loadManifest: async () => manifest }))),
  "urql with a manifest": (url) =>
    urql(url, cacheExchange, persistedExchange({ enforcePersistedQueries: true, enableForMutation: true })),
});
