// GraphiQL with a tab for every operation of graphql/operations/. What is typed is kept in memory alone, since
// passwords and tokens are among it: a reload forgets it, and shows the operations as they are.

const { createElement } = React;

async function send(request, { headers } = {}) {
  const response = await fetch("/graphql", {
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

/** What GraphiQL uses of the Web's Storage. */
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

/** Under the pointer, an image that stands in the result as a data URI is shown. */
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
      variables: tabs[0]?.variables, // GraphiQL takes those of the first tab from here alone
    },
    createElement(GraphiQL.Logo, null, "Accounts"),
    createElement(GraphiQL.Footer, null, help),
  ),
);
