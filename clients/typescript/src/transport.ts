import { NetworkError, RequestError, ServiceError, type ResponseError } from "./errors.js";
import type { CallOptions, Operation } from "./operations.js";

export interface TransportOptions {
  url: string;
  /** `cookie` for web apps on the service's site, `bearer` for mobile apps and other sites. */
  transport: "cookie" | "bearer";
  /** The language of messages, as in Accept-Language; by default the browser's. */
  language?: string;
  /** `id` names the operations, for a service with TRUSTED_DOCUMENTS_ONLY; by default their texts are sent. */
  documents?: "text" | "id";
  fetch?: typeof fetch;
  /** In milliseconds; by default 15,000, since the service gives up after 10 seconds. */
  timeout?: number;
}

interface Body {
  data?: Record<string, unknown> | null;
  errors?: ResponseError[];
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;

/** Sends documents, and makes an error of everything that is not a result. */
export class Transport {
  language: string | undefined;

  constructor(
    private readonly options: TransportOptions,
    private readonly token: () => Promise<string | null> | string | null,
  ) {
    this.language = options.language;
  }

  async send(
    { id, text }: Operation,
    variables: unknown,
    { signal, retries = 0 }: CallOptions,
  ): Promise<Record<string, unknown>> {
    const request = { ...(this.options.documents === "id" ? { documentId: id } : { query: text }), variables };
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.attempt(request, signal);
      } catch (error) {
        const wait = attempt < retries ? waitAfter(error, attempt) : null;
        if (wait === null || wait > LONGEST_WAIT) throw error;
        await pause(wait, signal);
      }
    }
  }

  private async attempt(request: object, signal?: AbortSignal): Promise<Record<string, unknown>> {
    const token = await this.token();
    const [response, text] = await this.fetch(signal, {
      method: "POST",
      credentials: this.options.transport === "cookie" ? "include" : "omit",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/graphql-response+json, application/json;q=0.9",
        ...(this.language && { "Accept-Language": this.language }),
        ...(token && { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(request),
    });
    return dataOf(response, parse(text));
  }

  /** Fetches with a time limit. AbortSignal.any and AbortSignal.timeout are missing in React Native. */
  private async fetch(signal: AbortSignal | undefined, request: RequestInit): Promise<[Response, string]> {
    const { fetch = globalThis.fetch, timeout = 15_000, url } = this.options;
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      controller.abort();
    }, timeout);
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    try {
      const response = await fetch(url, { ...request, signal: controller.signal });
      return [response, await response.text()];
    } catch (cause) {
      if (signal?.aborted) throw signal.reason ?? cause;
      const message = timedOut ? `The service did not answer within ${timeout} ms.` : "The service cannot be reached.";
      throw new NetworkError(message, { timedOut, cause });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }
}

function dataOf({ status, headers }: Response, body: Body | null): Record<string, unknown> {
  const [error] = body?.errors ?? [];
  const { code, reference, retryAfterSeconds } = error?.extensions ?? {};
  if (status === 429 || status >= 500 || code === "TOO_MANY_ATTEMPTS" || !body) {
    const message = error?.message ?? `The service answered with status ${status} and no GraphQL response.`;
    throw new ServiceError(
      message,
      status,
      code,
      retryAfterSeconds ?? secondsOf(headers.get("Retry-After")),
      reference,
    );
  }
  if (body.errors || !body.data) throw new RequestError(body.errors ?? [], status);
  return body.data;
}

/** Returns null for anything but a GraphQL response, such as a proxy's page. */
function parse(text: string): Body | null {
  try {
    const body = JSON.parse(text) as Body | null;
    return body && (body.data !== undefined || Array.isArray(body.errors)) ? body : null;
  } catch {
    return null;
  }
}

/** Parses Retry-After, which is a number of seconds or a date. */
function secondsOf(header: string | null): number | undefined {
  if (!header) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - Date.now()) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

/** Returns how many milliseconds to wait before the next attempt, or null if there should be none. */
function waitAfter(error: unknown, attempt: number): number | null {
  const wait = FIRST_WAIT * 2 ** attempt;
  if (error instanceof NetworkError) return wait;
  if (error instanceof ServiceError && [429, 503].includes(error.status)) {
    return error.retryAfter === undefined ? wait : error.retryAfter * 1000;
  }
  return null;
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted) abort();
  });
}
