import { status } from '@grpc/grpc-js';
import type { Code, Delivered, MicroError } from '@micro/core';
import { codeOf, decodeError, encodeError, remoteError } from '@micro/core/plugin';
import { bytesField, message, numberField, readFields, textOf } from './protobuf.ts';

/** Where we say whether the handler can have seen the request, in the trailers. */
export const deliveredHeader = 'micro-delivered';
/** A `google.rpc.Status` beside the code and the text (grpc/grpc: doc/PROTOCOL-HTTP2.md). */
export const detailsHeader = 'grpc-status-details-bin';
const errorType = 'type.googleapis.com/errors.Error';

/**
 * gRPC's code for the number of an error: go-micro's table (go-micro v4 plugins: server/grpc/error.go), and what
 * gRPC's own documents say of the three that are missing there.
 */
const codes: ReadonlyMap<number, number> = new Map([
  [200, status.OK],
  [400, status.INVALID_ARGUMENT],
  [401, status.UNAUTHENTICATED],
  [403, status.PERMISSION_DENIED],
  [404, status.NOT_FOUND],
  [408, status.DEADLINE_EXCEEDED],
  [409, status.ALREADY_EXISTS],
  [412, status.FAILED_PRECONDITION],
  [413, status.RESOURCE_EXHAUSTED],
  [429, status.RESOURCE_EXHAUSTED],
  [499, status.CANCELLED],
  [500, status.INTERNAL],
  [501, status.UNIMPLEMENTED],
  [503, status.UNAVAILABLE],
]);

/** Our code for gRPC's, of a peer that gives no `errors.Error`. */
const byStatus: ReadonlyMap<number, Code> = new Map([
  [status.CANCELLED, 'canceled'],
  [status.INVALID_ARGUMENT, 'bad_request'],
  [status.DEADLINE_EXCEEDED, 'timeout'],
  [status.NOT_FOUND, 'not_found'],
  [status.ALREADY_EXISTS, 'conflict'],
  [status.PERMISSION_DENIED, 'forbidden'],
  [status.RESOURCE_EXHAUSTED, 'overloaded'],
  [status.FAILED_PRECONDITION, 'precondition_failed'],
  [status.ABORTED, 'conflict'],
  [status.OUT_OF_RANGE, 'bad_request'],
  [status.UNIMPLEMENTED, 'unimplemented'],
  [status.UNAVAILABLE, 'unavailable'],
  [status.UNAUTHENTICATED, 'unauthorized'],
]);

/** gRPC's code of an error: UNKNOWN for numbers that have none, as go-micro does. */
export function grpcCodeOf(error: MicroError): number {
  return codes.get(error.status) ?? status.UNKNOWN;
}

/** Errors travel in trailers, whose size peers limit: a longer text is cut. */
const maxText = 2048;
const maxId = 256;

/** The text of an error as trailers can carry it: bounded, and without halves of characters. */
export function statusText(error: MicroError): string {
  return Buffer.from(cut(error.message, maxText)).toString();
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}...` : text;
}

/** The `google.rpc.Status` with go-micro's `errors.Error` in it (go-micro v4: errors/errors.proto). */
export function statusDetails(code: number, error: MicroError): Buffer {
  const { status: reason } = JSON.parse(encodeError(error)) as { status?: string };
  const text = statusText(error);
  const value = message(
    bytesField(1, cut(error.id, maxId)),
    numberField(2, error.status),
    bytesField(3, text),
    bytesField(4, reason ?? ''),
  );
  return message(
    numberField(1, code),
    bytesField(2, text),
    bytesField(3, message(bytesField(1, errorType), bytesField(2, value))),
  );
}

/** What a peer's status means: its `errors.Error` in the details or as JSON in the text, else by gRPC's code. */
export function statusError(code: number, text: string, details: Uint8Array | undefined): MicroError {
  const told = (details && readDetails(details)) ?? readText(text);
  if (told !== undefined) return told;
  const meaning = code === status.RESOURCE_EXHAUSTED && isTooLarge(text) ? 'too_large' : byStatus.get(code);
  return remoteError(meaning ?? 'internal', text || `gRPC status ${code}`, { id: 'go.micro.client' });
}

/** The same code stands for a message over the limit and for a quota; the texts of grpc-go, grpc-js, C-core and Java. */
function isTooLarge(text: string): boolean {
  return /larger than|exceeds maximum/.test(text);
}

function readDetails(details: Uint8Array): MicroError | undefined {
  try {
    const any = readFields(details).find(({ number }) => number === 3);
    if (any === undefined) return undefined;
    const [type, value] = [1, 2].map((wanted) =>
      readFields(any.bytes).find(({ number }) => number === wanted),
    );
    if (type === undefined || value === undefined || textOf(type) !== errorType) return undefined;
    return readError(value.bytes);
  } catch {
    return undefined; // bytes that are no status say nothing
  }
}

function readError(bytes: Uint8Array): MicroError | undefined {
  let [id, number, detail] = ['', 0, ''];
  for (const field of readFields(bytes)) {
    if (field.number === 1) id = textOf(field);
    else if (field.number === 2) number = field.value;
    else if (field.number === 3) detail = textOf(field);
  }
  // an int32, which is ten bytes when it is negative
  return number > 0 && number < 2 ** 31
    ? remoteError(codeOf(number), detail, { id, status: number })
    : undefined;
}

/** go-micro's servers write the whole error as JSON; anything else is a text. */
function readText(text: string): MicroError | undefined {
  if (!text.startsWith('{') || !/"code":[1-9]/.test(text)) return undefined;
  return decodeError(text);
}

/** Reads the mark that our servers set; a peer without it has answered from its handler. */
export function deliveredBy(mark: unknown): Delivered {
  return mark === 'no' || mark === 'maybe' ? mark : 'yes';
}
