// @vitest-environment happy-dom
import { act, createElement } from "react";
import { createRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { beforeAll, expect, test } from "vitest";

import { createAccountsClient } from "../src/index.js";
import { AccountsProvider, useAccount, useCaptcha, useClient, useSession } from "../src/react.js";
import { accountOf, Answers, url } from "./answers.js";

beforeAll(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
});

function Page() {
  const { account } = useSession();
  const captcha = useCaptcha();
  if (account === undefined) return "loading";
  if (account === null) return captcha ? captcha.help : "signed out";
  return createElement(Email);
}

function Email() {
  return useAccount().email;
}

function setUp() {
  const answers = new Answers();
  const client = createAccountsClient({ url, transport: "cookie", channel: false, fetch: answers.fetch });
  return { answers, client, page: createElement(AccountsProvider, { client }, createElement(Page)) };
}

test("the hooks follow the session and the captcha", async () => {
  const { answers, client, page } = setUp();
  const main = document.createElement("main");
  const root = createRoot(main);
  const shown = async (action: () => unknown) => {
    await act(async () => void (await action()));
    return main.textContent;
  };

  expect(await shown(() => root.render(page))).toBe("loading");
  expect(await shown(() => answers.answer("Me", { me: accountOf("ana") }))).toBe("ana@example.com");
  void client.logout();
  const logout = { __typename: "LogoutSuccess", message: "" };
  expect(await shown(() => answers.answer("Logout", { logout }))).toBe("signed out");
  void client.captcha.refresh();
  const createCaptcha = { __typename: "CreateCaptchaSuccess", captcha: { id: "c", help: "Type the words." } };
  expect(await shown(() => answers.answer("CreateCaptcha", { createCaptcha }))).toBe("Type the words.");
  await act(() => root.unmount());
});

test("a server renders the session as unknown, whatever the client knows, as the browser does at first", async () => {
  const { answers, client, page } = setUp();
  void client.session.refresh();
  await answers.answer("Me", { me: null });

  expect(renderToString(page)).toBe("loading");
});

test("a component outside the provider, or an account that is not there, says what to do", () => {
  const { client } = setUp();
  const Outside = () => String(useClient());

  expect(() => renderToString(createElement(Outside))).toThrow("AccountsProvider");
  expect(() => renderToString(createElement(AccountsProvider, { client }, createElement(Email)))).toThrow("useSession");
});
