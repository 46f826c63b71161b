/**
 * What can go wrong, each with the number that go-micro's `errors.Error` carries on the wire.
 * The set is closed: a new code is a breaking change. `docs/errors.md` says when each is used.
 */
export const statusOf = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  timeout: 408,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  overloaded: 429,
  canceled: 499,
  internal: 500,
  unimplemented: 501,
  unavailable: 503,
} as const;

export type Code = keyof typeof statusOf;

/**
 * Whether a request can have reached its handler: `no` (never sent, or refused before the handler), `maybe`
 * (sent, no answer seen) or `yes` (the handler answered). Safe retries stand on this alone.
 */
export type Delivered = 'no' | 'maybe' | 'yes';

export interface MicroErrorOptions {
  /** Who says so: a service's name, or a part of the framework (`go.micro.client`). */
  readonly id?: string;
  /** The number on the wire, where it is not the code's own. */
  readonly status?: number;
  readonly cause?: unknown;
}

const brand: unique symbol = Symbol.for('@micro/core/error');

/** The one error class. Its `cause` stays in the process; `id`, `status` and `message` travel. */
export class MicroError extends Error {
  readonly code: Code;
  readonly id: string;
  readonly status: number;
  /** Of what a call rejects with: whether the handler can have seen the request. Set by the client. */
  delivered: Delivered | undefined;

  constructor(code: Code, message: string, options: MicroErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.id = options.id ?? '';
    this.status = options.status ?? statusOf[code];
  }

  /** The error itself when it is a MicroError (of any copy of this package), else `internal` around it. */
  static from(error: unknown, code: Code = 'internal'): MicroError {
    if (isMicroError(error)) return error;
    return new MicroError(code, textOf(error), { cause: error });
  }
}
Object.defineProperty(MicroError.prototype, brand, { value: true });
Object.defineProperty(MicroError.prototype, 'name', { value: 'MicroError' });

function textOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  try {
    return String(thrown);
  } catch {
    return `a thrown ${typeof thrown}`; // without a prototype it has no text
  }
}

/** Whether the value is a MicroError, and of that code; true across two copies of this package. */
export function isMicroError(error: unknown): error is MicroError;
export function isMicroError<C extends Code>(
  error: unknown,
  code: C,
): error is MicroError & { readonly code: C };
export function isMicroError(error: unknown, code?: Code): boolean {
  return isBranded(error) && (code === undefined || error.code === code);
}

function isBranded(error: unknown): error is MicroError {
  return typeof error === 'object' && error !== null && brand in error;
}

/**
 * A handler throws this (or anything whose `cause` is this) to say that trying again cannot help: the event
 * goes to the dead letter at once.
 */
export class PermanentError extends MicroError {
  readonly permanent = true;
}

/** An error without a stack: for what comes off the wire, where a stack would cost more than the call. */
export function remoteError(code: Code, message: string, options?: MicroErrorOptions): MicroError {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const error = new MicroError(code, message, options);
  Error.stackTraceLimit = limit;
  return error;
}
