// GraphiQL with a tab for each operation in graphql/operations/.

import { Media } from "/graphiql/media.js";
import { fillIn, remember } from "/graphiql/placeholders.js";
import { restoreTabs, storage, tabsOf } from "/graphiql/storage.js";

const { createElement, useCallback, useState } = React;

async function send(request, { headers } = {}) {
  const response = await fetch("/graphiql/graphql", {
    method: "POST",
    credentials: "same-origin",
    headers: {
      Accept: "application/graphql-response+json, application/json",
      "Content-Type": "application/json",
      ...headers,
    },
    body: JSON.stringify({ ...request, variables: await fillIn(request.variables) }),
  });
  const result = await response.json();
  remember(result.data);
  return result;
}

/** Shows the image of a data URI in the result under the pointer. */
function ImageInResult({ token }) {
  const source = token.string.slice(1, -1);
  return source.startsWith("data:image/") ? createElement("img", { src: source, alt: "" }) : null;
}

/** A sign in the toolbar, with its name for screen readers and on hover. */
function command(type, name, sign, properties) {
  const attributes = { key: name, className: "graphiql-un-styled graphiql-toolbar-button command", title: name };
  return createElement(type, { ...attributes, "aria-label": name, ...properties }, sign);
}

const mails = command("a", "Mails", "✉", { href: "/mail", target: "_blank" });
const restore = command("button", "Restore all tabs", "↺", { type: "button", onClick: restoreTabs });

const help = createElement(
  "p",
  { className: "help" },
  createElement("code", null, "<series.id>"),
  " in variables stands for the last series in an answer, ",
  createElement("code", null, "<mail.code>"),
  " for the code of the last mail. Login sets the cookie; with a BEARER token, write ",
  createElement("code", null, '{"Authorization": "Bearer …"}'),
  " under Headers.",
);

function App({ tabs }) {
  // In JSON, as GraphiQL calls onTabChange with every render, and an equal state renders nothing.
  const [result, setResult] = useState("");
  const fetcher = useCallback(async (...request) => {
    const answer = await send(...request);
    setResult(JSON.stringify(answer));
    return answer;
  }, []);
  const showResult = useCallback(({ tabs: open, activeTabIndex }) => setResult(open[activeTabIndex]?.response ?? ""), []);
  return createElement(
    GraphiQL,
    {
      fetcher,
      storage,
      shouldPersistHeaders: false,
      defaultEditorToolsVisibility: "variables",
      responseTooltip: ImageInResult,
      defaultTabs: tabs,
      onTabChange: showResult,
    },
    createElement(GraphiQL.Logo, null, "Accounts"),
    createElement(GraphiQL.Toolbar, null, ({ prettify, merge, copy }) => [prettify, merge, copy, mails, restore]),
    createElement(GraphiQL.Footer, null, createElement(Media, { result }), help),
  );
}

const tabs = await tabsOf(await (await fetch("/graphiql/operations.json")).text());
ReactDOM.createRoot(document.getElementById("graphiql")).render(createElement(App, { tabs }));
