import { MicroError } from '@micro/core';

/** Of Node 20; in TypeScript's library only from es2024 on. */
interface WellFormed {
  isWellFormed(): boolean;
}
const [least, most] = [-(2n ** 63n), 2n ** 64n - 1n];

/**
 * Throws `bad_request` for what the library would write as something else, or read memory for that is not the
 * message's: sets, functions, typed arrays other than `Uint8Array`, errors, invalid dates, text that is not Unicode.
 * Bounds the nesting, so that a cycle ends.
 */
export function checkWritable(message: unknown, maxDepth: number): void {
  switch (typeof message) {
    case 'string':
      checkText(message);
      return;
    case 'number':
    case 'boolean':
    case 'undefined':
      return;
    case 'bigint':
      if (message < least || message > most) throw refuse(`${message}, which has more than 64 bits`);
      return;
    case 'object':
      if (message !== null) checkObject(message, maxDepth);
      return;
    default:
      throw refuse(`a ${typeof message}`);
  }
}

function checkObject(message: object, maxDepth: number): void {
  if (maxDepth === 0) throw refuse('a message that nests too deep, or contains itself');
  if (Array.isArray(message)) {
    for (const item of message) checkWritable(item, maxDepth - 1);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(message);
  if (prototype !== Object.prototype && prototype !== null) {
    if (message instanceof Uint8Array) return;
    if (message instanceof Date) {
      if (Number.isNaN(message.getTime())) throw refuse('an invalid Date');
      return;
    }
    if (!isRecord(message)) throw refuse(`a ${tagOf(message)}`);
  }
  if ('toJSON' in message && typeof message.toJSON === 'function') throw refuse('an object with toJSON');
  const record = message as Readonly<Record<string, unknown>>;
  for (const key in record) {
    checkText(key);
    checkWritable(record[key], maxDepth - 1);
  }
}

/** Half of a surrogate pair alone: no UTF-8 can say it. */
function checkText(text: string): void {
  if (!(text as string & WellFormed).isWellFormed()) throw refuse('half of a surrogate pair');
}

/** An instance of a class of the application: its fields are written. */
function isRecord(message: object): boolean {
  return tagOf(message) === 'Object';
}

function tagOf(message: object): string {
  return Object.prototype.toString.call(message).slice(8, -1);
}

function refuse(what: string): MicroError {
  return new MicroError('bad_request', `the message has no MessagePack: it has ${what}`);
}
