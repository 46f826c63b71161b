import { complete, own } from './complete.ts';
import type { AnyMessageType } from './field.ts';
import { readMessage } from './from-json.ts';
import { PathError } from './path-error.ts';
import { MessageReader } from './reader.ts';
import { describe } from './scalars.ts';
import { writeMessage } from './to-json.ts';
import { typeNamed } from './types.ts';
import { wellKnown } from './well-known.ts';
import { MessageWriter } from './writer.ts';

/** `{"@type": url, ...}`: the message inside must be of a type that this process has imported. */
export function writeAny(message: object): unknown {
  const url = String(own(message, 'typeUrl') ?? '');
  const value: unknown = own(message, 'value') ?? new Uint8Array(0);
  if (!(value instanceof Uint8Array)) throw new PathError(`${describe(value)} is no bytes`, ['value']);
  if (url === '') {
    if (value.byteLength === 0) return {};
    throw new PathError('a google.protobuf.Any has a value and no type', []);
  }
  const type = typeOf(url);
  const json = writeMessage(type, type.decode(new MessageReader().open(value, false)));
  return wellKnown.has(type.typeName) ? { '@type': url, value: json } : { '@type': url, ...Object(json) };
}

export function readAny(json: unknown, _: AnyMessageType, level: number): object {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new PathError(`${describe(json)} is no google.protobuf.Any`, []);
  const { '@type': url, ...rest } = { '@type': undefined, ...json };
  if (url === undefined) {
    if (Object.keys(rest).length === 0) return {};
    throw new PathError('a google.protobuf.Any needs "@type"', []);
  }
  if (typeof url !== 'string') throw new PathError(`${describe(url)} is no type`, ['@type']);
  const type = typeOf(url);
  const inner = wellKnown.has(type.typeName) ? own(rest, 'value') : rest;
  const writer = new MessageWriter();
  type.encode(complete(type, readMessage(type, inner, level + 1), true), writer);
  return { typeUrl: url, value: Uint8Array.from(writer.finish()) };
}

function typeOf(url: string): AnyMessageType {
  const type = typeNamed(url.slice(url.lastIndexOf('/') + 1));
  if (type === undefined || !url.includes('/'))
    throw new PathError(`type ${describe(url)} is not known here: import its generated code`, ['@type']);
  return type;
}
