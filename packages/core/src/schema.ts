import { MicroError } from './errors.ts';

/** Standard Schema v1 (https://standardschema.dev): zod, valibot and arktype values are assignable as they are. */
export interface Schema<In = unknown, Out = In> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Result<Out> | Promise<Result<Out>>;
    readonly types?: { readonly input: In; readonly output: Out } | undefined;
  };
}
type Result<Out> =
  | { readonly value: Out; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };
interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Many messages instead of one. */
export interface StreamOf<S> {
  readonly stream: S;
}
export function stream<S extends { readonly '~standard': unknown }>(schema: S): StreamOf<S> {
  return { stream: schema };
}

const trust = (value: unknown): { readonly value: unknown } => ({ value });

/** A TypeScript type without a schema: nothing is validated. */
export function type<T>(): Schema<T, T> {
  return {
    '~standard': { version: 1, vendor: 'micro', validate: trust as Schema<T, T>['~standard']['validate'] },
  };
}

/** Gives the validated message, or a promise of it. Throws (or rejects with) `bad_request` that says where and why. */
export type Check = (message: unknown) => unknown;

/** The check of a schema; undefined for a schema that checks nothing. */
export function checkOf(schema: Schema, what: string): Check | undefined {
  const { validate } = schema['~standard'];
  if (validate === trust) return undefined;
  const outcome = (result: Result<unknown>): unknown => {
    if (result.issues === undefined) return result.value;
    throw new MicroError('bad_request', `${what} is not valid: ${result.issues.map(issueText).join('; ')}`);
  };
  return (message) => {
    const result = validate(message);
    return result instanceof Promise ? result.then(outcome) : outcome(result);
  };
}

function issueText({ path, message }: Issue): string {
  if (path === undefined || path.length === 0) return message;
  return `${path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')}: ${message}`;
}
