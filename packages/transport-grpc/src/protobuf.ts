// The little of protobuf's wire format that statuses, health and reflection need (protobuf.dev: encoding).

const varintType = 0;
const fixed64Type = 1;
const bytesType = 2;
const fixed32Type = 5;

/** A field as it was read: a number of at most 53 bits (more is cut to a safe one), or bytes. */
export interface Field {
  readonly number: number;
  readonly value: number;
  readonly bytes: Uint8Array;
}

/** A message of fields that were encoded before. */
export function message(...fields: readonly Uint8Array[]): Buffer {
  return Buffer.concat(fields);
}

/** A field of text, bytes or a message. */
export function bytesField(number: number, value: string | Uint8Array): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([varint(number * 8 + bytesType), varint(bytes.length), bytes]);
}

/** A field of a number that is not negative. Nothing for 0, as proto3 has it. */
export function numberField(number: number, value: number): Buffer {
  return value === 0 ? Buffer.alloc(0) : presentField(number, value);
}

/** The same where 0 is told apart from nothing, as proto2 has it. */
export function presentField(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8 + varintType), varint(value)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

const none = new Uint8Array(0);

/** The fields of a message, in order. Throws a RangeError for bytes that are no message, or have more than `most` fields. */
export function readFields(bytes: Uint8Array, most: number = Number.POSITIVE_INFINITY): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - at) throw new RangeError('a field is longer than its message');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const readVarint = (): number => {
    let value = 0;
    for (let digit = 0; digit < 10; digit++) {
      const [byte = 0] = take(1);
      value += (byte % 128) * 128 ** digit;
      if (byte < 128) return value;
    }
    throw new RangeError('a number of more than ten bytes');
  };
  for (let count = 0; at < bytes.length; count++) {
    if (count === most) throw new RangeError(`more than ${most} fields`);
    const key = readVarint();
    const number = Math.floor(key / 8);
    const type = key % 8;
    if (type === varintType) fields.push({ number, value: readVarint(), bytes: none });
    else if (type === bytesType) fields.push({ number, value: 0, bytes: take(readVarint()) });
    else if (type === fixed64Type) take(8);
    else if (type === fixed32Type) take(4);
    else throw new RangeError(`wire type ${type}`);
  }
  return fields;
}

/** Whether a field is bytes, and no number. */
export function isBytes({ bytes }: Field): boolean {
  return bytes !== none;
}

/** The text of a field's bytes. */
export function textOf({ bytes }: Field): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
