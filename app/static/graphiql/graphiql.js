// GraphiQL with a tab for each operation in graphql/operations/. Input stays in memory only, since it includes
// passwords and tokens: a reload discards it and restores the tabs.

const { createElement } = React;

async function send(request, { headers } = {}) {
  const response = await fetch("/graphiql/graphql", {
    method: "POST",
    credentials: "same-origin",
    headers: {
      Accept: "application/graphql-response+json, application/json",
      "Content-Type": "application/json",
      ...headers,
    },
    body: JSON.stringify(request),
  });
  return response.json();
}

/** The part of the Web Storage API that GraphiQL uses. */
class Memory {
  #items = new Map();

  get length() {
    return this.#items.size;
  }

  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#items.set(key, value);
  }

  removeItem(key) {
    this.#items.delete(key);
  }

  clear() {
    this.#items.clear();
  }
}

const operations = await (await fetch("/graphiql/operations.json")).json();
const tabs = operations.map(({ query, variables }) => ({
  query,
  variables: variables && JSON.stringify(variables, null, 2),
}));

/** Shows the image of a data URI in the result under the pointer. */
function ImageInResult({ token }) {
  const source = token.string.slice(1, -1);
  return source.startsWith("data:image/") ? createElement("img", { src: source, alt: "" }) : null;
}

const help = createElement(
  "p",
  { className: "help" },
  "With a BEARER token: ",
  createElement("code", null, '{"Authorization": "Bearer …"}'),
  " under Headers. Point at a data URI to see its image.",
);

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  createElement(
    GraphiQL,
    {
      fetcher: send,
      storage: new Memory(),
      shouldPersistHeaders: false,
      defaultEditorToolsVisibility: "variables",
      responseTooltip: ImageInResult,
      defaultTabs: tabs,
      variables: tabs[0]?.variables, // GraphiQL reads the first tab's variables only from here
    },
    createElement(GraphiQL.Logo, null, "Accounts"),
    createElement(GraphiQL.Footer, null, help),
  ),
);
