import { createHash } from "node:crypto";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, expect, test } from "vitest";

import { createAccountsClient, NetworkError, RequestError, ServiceError } from "../src/index.js";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function serving(...listeners: RequestListener[]) {
  let requests = 0;
  const server = createServer((request, response) => {
    listeners[Math.min(requests, listeners.length - 1)]!(request, response);
    requests += 1;
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  return { url, requests: () => requests };
}

function answering(status: number, body: unknown, headers: Record<string, string> = {}): RequestListener {
  return (_, response) =>
    response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
}

const silent: RequestListener = () => undefined;
const code = (code: string) => ({ errors: [{ message: "Sentence.", extensions: { code } }] });
const plans = answering(200, { data: { plans: [] } });
const login = { email: "ana@example.com", password: "una frase larga" };

test("a service that cannot be reached is a NetworkError", async () => {
  const client = createAccountsClient({ url: "http://127.0.0.1:1/graphql", transport: "bearer" });

  const error = await client.login(login).catch((cause) => cause);

  expect(error).toBeInstanceOf(NetworkError);
  expect(error).toMatchObject({ timedOut: false, cause: expect.any(TypeError) });
});

test("a service that is silent, or stops in the middle of its answer, is a NetworkError that timed out", async () => {
  const stalled: RequestListener = (_, response) => response.writeHead(200).write('{"data"');
  for (const listener of [silent, stalled]) {
    const { url } = await serving(listener);
    const client = createAccountsClient({ url, transport: "bearer", timeout: 100 });

    await expect(client.login(login)).rejects.toMatchObject({ name: "NetworkError", timedOut: true });
  }
});

test("a call rejects with its signal's reason, also during the pause before another attempt", async () => {
  const { url: stalled } = await serving(silent);
  const { url: busy } = await serving(answering(503, "", { "Retry-After": "5" }));
  for (const [url, retries] of [[stalled, 0] as const, [busy, 1] as const]) {
    const client = createAccountsClient({ url, transport: "bearer" });
    const controller = new AbortController();
    const call = client.plans({ signal: controller.signal, retries });
    setTimeout(() => controller.abort(new Error("left the page")), 100);

    await expect(call).rejects.toThrow("left the page");
    await expect(client.plans({ signal: controller.signal, retries })).rejects.toThrow("left the page");
  }
});

const inAMinute = new Date(Date.now() + 60_000).toUTCString();

test.each<[RequestListener, object]>([
  [answering(503, code("UNAVAILABLE"), { "Retry-After": "7" }), { status: 503, code: "UNAVAILABLE", retryAfter: 7 }],
  [answering(502, "<h1>Bad gateway</h1>"), { status: 502, code: undefined, retryAfter: undefined }],
  [answering(429, "", { "Retry-After": inAMinute }), { status: 429, retryAfter: expect.closeTo(60, -1) }],
  [
    answering(200, {
      errors: [{ message: "Espera.", extensions: { code: "TOO_MANY_ATTEMPTS", retryAfterSeconds: 9 } }],
    }),
    { status: 200, code: "TOO_MANY_ATTEMPTS", retryAfter: 9, message: "Espera." },
  ],
  [answering(200, "<h1>Captive portal</h1>"), { status: 200 }],
  [answering(200, "[]"), { status: 200 }],
])("an answer that is no GraphQL response, or says that the service is busy, is a ServiceError", async (...row) => {
  const [listener, expected] = row;
  const { url } = await serving(listener);

  const error = await createAccountsClient({ url, transport: "bearer" })
    .login(login)
    .catch((cause) => cause);

  expect(error).toBeInstanceOf(ServiceError);
  expect(error).toMatchObject(expected);
});

test("a refused request is a RequestError with the service's code", async () => {
  const { url } = await serving(answering(400, { ...code("VALIDATION_FAILED"), data: null }));

  const error = await createAccountsClient({ url, transport: "bearer" })
    .login(login)
    .catch((cause) => cause);

  expect(error).toBeInstanceOf(RequestError);
  expect(error).toMatchObject({ code: "VALIDATION_FAILED", status: 400, message: "Sentence." });
});

test("a query is tried twice, a mutation once, and each as often as the call says", async () => {
  const busy = answering(503, code("UNAVAILABLE"), { "Retry-After": "0" });
  const { url, requests } = await serving(busy, plans, busy, busy, busy, plans);
  const client = createAccountsClient({ url, transport: "bearer" });

  expect(await client.plans()).toEqual([]);
  expect(requests()).toBe(2);
  await expect(client.confirmAccount({ code: "x" })).rejects.toBeInstanceOf(ServiceError);
  expect(requests()).toBe(3);
  expect(await client.plans({ retries: 3 })).toEqual([]);
  expect(requests()).toBe(6);
});

test("operations are sent as texts, or named by the SHA-256 of the text", async () => {
  const bodies: Record<string, string>[] = [];
  const { url } = await serving((request, response) => {
    request.on("data", (chunk) => bodies.push(JSON.parse(String(chunk)) as Record<string, string>));
    request.on("end", () => plans(request, response));
  });

  await createAccountsClient({ url, transport: "bearer" }).plans();
  await createAccountsClient({ url, transport: "bearer", documents: "id" }).plans();

  const hash = createHash("sha256").update(bodies[0]!["query"]!).digest("hex");
  expect(bodies[1]).toEqual({ documentId: `sha256:${hash}`, variables: {} });
});

test("a wait that is too long for a person is left to the app", async () => {
  const { url, requests } = await serving(answering(429, "", { "Retry-After": "3600" }));

  await expect(createAccountsClient({ url, transport: "bearer" }).plans()).rejects.toMatchObject({ retryAfter: 3600 });
  expect(requests()).toBe(1);
});

test("a member that a union gains later arrives in the default branch with its message", async () => {
  const { url } = await serving(
    answering(200, { data: { logout: { __typename: "TooLateError", message: "Mañana." } } }),
  );

  const result = await createAccountsClient({ url, transport: "bearer" }).logout();

  switch (result.__typename) {
    case "LogoutSuccess":
      throw new Error("not this one");
    default:
      expect(result.message).toBe("Mañana.");
  }
});
