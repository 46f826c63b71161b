import { isUtf8 } from 'node:buffer';
import { type Body, MicroError } from '@micro/core';
import type { Fields } from '@micro/sessions';
import { bufferOf } from './client-call.ts';
import { bytesField, type Field, isBytes, message, readFields, textOf } from './protobuf.ts';

// go-micro's gRPC transport (go-micro v4 plugins: transport/grpc/proto/transport.proto): its own messages, which a
// stream carries. `message Message { map<string, string> header = 1; bytes body = 2; }`
export const mucpPath = '/go.micro.transport.grpc.Transport/Stream';

/** Names and values, of all headers of a message. */
const maxHeaderBytes = 65_536;
const maxHeaders = 256;
const headerNumber = 1;
const bodyNumber = 2;
const none = new Uint8Array(0);

export interface MucpMessage {
  readonly header: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/** Throws `bad_request` or `too_large` for what is no such message. */
export function readMucp(bytes: Uint8Array): MucpMessage {
  const header = new Map<string, string>();
  let body: Uint8Array = none;
  let headerBytes = 0;
  for (const field of fieldsOf(bytes, maxHeaders + 1)) {
    if (field.number === bodyNumber) body = field.bytes;
    else {
      headerBytes += field.bytes.length;
      if (headerBytes > maxHeaderBytes)
        throw new MicroError('too_large', `go-micro's message: more than ${maxHeaderBytes} bytes of headers`);
      // an entry of a map: what is not there is empty
      let [key, value] = ['', ''];
      for (const part of fieldsOf(field.bytes, 2)) {
        if (!isUtf8(part.bytes)) throw malformed('a header that is no UTF-8');
        if (part.number === 1) key = textOf(part);
        else value = textOf(part);
      }
      header.set(key, value);
    }
  }
  return { header, body };
}

/** Fields 1 and 2 are all there are, of the message and of its headers; both are bytes. */
function fieldsOf(bytes: Uint8Array, most: number): readonly Field[] {
  let fields: readonly Field[];
  try {
    fields = readFields(bytes, most);
  } catch (cause) {
    throw malformed(cause instanceof Error ? cause.message : 'no protobuf', cause);
  }
  for (const field of fields) {
    if ((field.number !== headerNumber && field.number !== bodyNumber) || !isBytes(field))
      throw malformed(`field ${field.number}`);
  }
  return fields;
}

function malformed(what: string, cause?: unknown): MicroError {
  return new MicroError('bad_request', `go-micro's message: ${what}`, { cause });
}

/** Headers as they stand in a message, in any number of pieces. */
export function writeHeaders(fields: Fields): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [key = '', value = ''] = [fields[at], fields[at + 1]];
    parts.push(bytesField(headerNumber, message(bytesField(1, key), bytesField(2, value))));
  }
  return Buffer.concat(parts);
}

/** A message of headers that were written before. Throws `too_large`. */
export function writeMucp(headers: readonly Buffer[], body: Body | undefined, maxBytes: number): Buffer {
  const bytes = body === undefined ? none : bufferOf(body);
  const whole = message(...headers, bytes.length === 0 ? none : bytesField(bodyNumber, bytes));
  if (whole.length <= maxBytes) return whole;
  throw new MicroError(
    'too_large',
    `a message of ${whole.length} bytes, ${maxBytes} are the limit (maxMessageBytes)`,
  );
}
