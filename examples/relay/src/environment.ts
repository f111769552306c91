import { Environment, Network, RecordSource, Store, type FetchFunction } from "relay-runtime";

export function createEnvironment(url: string) {
  const send: FetchFunction = async ({ text }, variables) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/graphql-response+json" },
      credentials: "include",
      body: JSON.stringify({ query: text, variables }),
    });
    return response.json();
  };
  return new Environment({
    network: Network.create(send),
    store: new Store(new RecordSource()),
    // Ids are unique within their type: a plan has the operator's name for it, a tax regime its code.
    getDataID: ({ id }: { id?: string }, type) => id && `${type}:${id}`,
  });
}
