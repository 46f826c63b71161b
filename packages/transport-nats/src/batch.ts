import { type Body, type Metadata, MicroError } from '@micro/core';
import type { Fields, Header, Received } from '@micro/sessions';
import { areTexts, encodeText, parseJson, type Texts } from './message.ts';

/** A message on its way: go-micro's when it travels alone, an entry of a batch with others. */
export interface Outgoing {
  readonly subject: string;
  /** Where its answer goes when it travels alone. */
  readonly reply: string | undefined;
  /** Where its batches go; undefined: it must travel alone. */
  readonly batch: string | undefined;
  /** Its session, in a batch. */
  readonly session: string;
  /** The part of its header that is the same with each: pairs of a JSON object. */
  readonly head: string;
  readonly fields: Fields;
  readonly metadata: Metadata | undefined;
  readonly body: Body | undefined;
}

/**
 * Several messages between services of ours in one of NATS. What is the same with each is written once, and bodies
 * are not encoded: `[heads, names, entries]` in JSON, a line feed, the bodies one after the other. `heads`: objects;
 * `names`: lists of the further fields' names; an entry is five values and its fields in a row: session, index of its
 * head, index of its names, bytes of its body, then a text for each name.
 */
export function encodeBatch(messages: readonly Outgoing[]): Buffer {
  const heads: string[] = [];
  const shapes: Fields[] = [];
  const bodies: Body[] = [];
  let binary = false;
  let entries = '';
  for (const message of messages) {
    const { session, head, body = '' } = message;
    const fields = fieldsOf(message);
    let at = heads.lastIndexOf(head);
    if (at < 0) at = heads.push(head) - 1;
    let shape = shapes.length - 1;
    while (shape >= 0 && !sameNames(fields, shapes[shape] ?? [])) shape--;
    if (shape < 0) shape = shapes.push(fields) - 1;
    const size = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
    if (entries !== '') entries += ',';
    entries += `"${session}",${at},${shape},${size}`;
    for (let value = 1; value < fields.length; value += 2) entries += `,${encodeText(fields[value] ?? '')}`;
    if (size === 0) continue;
    binary ||= typeof body !== 'string';
    bodies.push(body);
  }
  const names = shapes.map((fields) => `[${namesOf(fields).map(encodeText).join()}]`);
  const text = `[[${heads.map((head) => `{${head}}`).join()}],[${names.join()}],[${entries}]]\n`;
  // TextEncoder, which the library would use, is four times dearer for short texts
  if (!binary) return Buffer.from(text + bodies.join(''));
  return Buffer.concat(
    [text, ...bodies].map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
  );
}

function fieldsOf({ fields, metadata }: Outgoing): Fields {
  return metadata === undefined ? fields : [...fields, ...Object.entries(metadata).flat()];
}

function namesOf(fields: Fields): string[] {
  return fields.filter((_, at) => at % 2 === 0);
}

function sameNames(one: Fields, other: Fields): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 2) if (one[at] !== other[at]) return false;
  return true;
}

const bracket = 0x5b;
const lineFeed = 0x0a;

export function isBatch(data: Uint8Array): boolean {
  return data[0] === bracket;
}

/** A session as part of a subject. */
const tokenForm = /^[\w-]{1,64}$/;
const entryValues = 4;

/** Reads a batch; its sessions are told by `named`. Throws `bad_request` for what is not its shape. */
export function decodeBatch(data: Uint8Array, named: (token: string) => string): Received[] {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const end = bytes.indexOf(lineFeed);
  const [heads, shapes, entries, more] = list(parseJson(bytes.toString('utf8', 0, Math.max(0, end))));
  if (more !== undefined || !isListOf(heads, areTexts) || !isListOf(shapes, areNames)) throw malformed();
  const values = list(entries);
  const messages: Received[] = [];
  let from = end + 1;
  for (let at = 0; at < values.length; ) {
    const session = values[at];
    const head = heads[index(values[at + 1])];
    const names = shapes[index(values[at + 2])];
    const to = from + index(values[at + 3]);
    if (typeof session !== 'string' || !tokenForm.test(session) || to > bytes.length) throw malformed();
    if (head === undefined || names === undefined) throw malformed();
    at += entryValues;
    for (let value = at; value < at + names.length; value++)
      if (typeof values[value] !== 'string') throw malformed();
    messages.push(new Entry(named(session), head, names, values, at, bytes.subarray(from, to)));
    at += names.length;
    from = to;
  }
  if (from !== bytes.length) throw malformed();
  return messages;
}

/** A message of a batch, and its header. */
class Entry implements Received, Header {
  readonly session: string;
  private readonly head: Texts;
  private readonly names: readonly string[];
  private readonly values: readonly unknown[];
  private readonly at: number;
  private readonly body: Uint8Array;

  constructor(
    session: string,
    head: Texts,
    names: readonly string[],
    values: readonly unknown[],
    at: number,
    body: Uint8Array,
  ) {
    this.session = session;
    this.head = head;
    this.names = names;
    this.values = values;
    this.at = at;
    this.body = body;
  }

  get header(): Header {
    return this;
  }

  get(name: string): string | undefined {
    const at = this.names.indexOf(name);
    if (at < 0) return Object.hasOwn(this.head, name) ? this.head[name] : undefined;
    const value = this.values[this.at + at];
    return typeof value === 'string' ? value : undefined;
  }

  keys(): Iterable<string> {
    return new Set([...Object.keys(this.head), ...this.names]);
  }

  bytes(): Uint8Array {
    return this.body;
  }
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw malformed();
}

function isListOf<T>(value: unknown, is: (one: unknown) => one is T): value is readonly T[] {
  return Array.isArray(value) && value.every(is);
}

function areNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}

function index(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw malformed();
}

function malformed(): MicroError {
  return new MicroError('bad_request', 'a batch of messages that is malformed');
}
