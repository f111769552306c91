/** The errors of calls. Expected failures are no errors but members of the results. */
export abstract class AccountsError extends Error {}

/** An entry of a response's `errors`. */
export interface ResponseError {
  message: string;
  path?: (string | number)[];
  extensions?: { code?: string; reference?: string; retryAfterSeconds?: number };
}

/** No response arrived: there is no network, the browser blocked it (CORS), or it took too long. */
export class NetworkError extends AccountsError {
  override readonly name = "NetworkError";
  readonly timedOut: boolean;

  constructor(message: string, { timedOut = false, cause }: { timedOut?: boolean; cause?: unknown } = {}) {
    super(message, { cause });
    this.timedOut = timedOut;
  }
}

/** The service, or a proxy in front of it, does not answer now, or the response is not a GraphQL response. */
export class ServiceError extends AccountsError {
  override readonly name = "ServiceError";

  constructor(
    message: string,
    readonly status: number,
    /** `UNAVAILABLE`, `TOO_MANY_ATTEMPTS` or `INTERNAL`, if the response comes from the service. */
    readonly code?: string,
    /** How many seconds to wait before trying again. */
    readonly retryAfter?: number,
    /** Identifies the failure in the service's log. */
    readonly reference?: string,
  ) {
    super(message);
  }
}

/** The service refused the request, or its execution failed: a defect of the app, its settings or the service. */
export class RequestError extends AccountsError {
  override readonly name = "RequestError";

  constructor(
    readonly errors: readonly ResponseError[],
    readonly status: number,
  ) {
    super(errors.map(({ message }) => message).join(" "));
  }

  /** Such as `ORIGIN_NOT_ALLOWED`; docs/clients.md lists them. */
  get code(): string | undefined {
    return this.errors[0]?.extensions?.code;
  }

  /** Identifies an `INTERNAL` failure in the service's log. */
  get reference(): string | undefined {
    return this.errors[0]?.extensions?.reference;
  }
}
