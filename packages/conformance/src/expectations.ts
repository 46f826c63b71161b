import assert from 'node:assert/strict';
import { type Code, isMicroError, type MicroError } from '@micro/core';
import { within } from './eventually.ts';

/** Awaits a rejection with a MicroError of one of the codes, within the time; returns it. */
export async function rejects(
  promise: Promise<unknown>,
  codes: Code | readonly Code[],
  timeoutMs = 20_000,
): Promise<MicroError> {
  const wanted = typeof codes === 'string' ? [codes] : codes;
  let value: unknown;
  try {
    value = await within(promise, timeoutMs, `no rejection with ${wanted.join(' or ')}`);
  } catch (error) {
    if (isMicroError(error) && wanted.includes(error.code)) return error;
    assert.fail(`rejected with ${describe(error)}, not with a MicroError ${wanted.join(' or ')}`);
  }
  assert.fail(`resolved with ${describe(value)}, should have rejected with ${wanted.join(' or ')}`);
}

/** Calls and expects a MicroError of the code to be thrown at once. */
export function throws(run: () => unknown, code: Code): MicroError {
  let value: unknown;
  try {
    value = run();
  } catch (error) {
    if (isMicroError(error, code)) return error;
    assert.fail(`threw ${describe(error)}, not a MicroError ${code}`);
  }
  assert.fail(`returned ${describe(value)}, should have thrown ${code}`);
}

/** A short text for messages. */
export function describe(value: unknown): string {
  if (isMicroError(value)) return `MicroError ${value.code}: ${value.message}`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value).slice(0, 80);
}

/** An aborted signal, and one that can be aborted. */
export function aborted(): AbortSignal {
  return AbortSignal.abort();
}

/** Throws for anything in the value that could be changed. */
export function assertFrozen(value: unknown, path: string): void {
  // The elements of a view cannot be frozen
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  assert.ok(Object.isFrozen(value), `${path} is not frozen`);
  for (const [key, child] of Object.entries(value)) assertFrozen(child, `${path}.${key}`);
}

/** Names that a backend may not know how to spell: none may be refused or changed for its sake. */
export const oddNames: readonly string[] = [
  'with.dots.in.it',
  'with/slashes/in/it',
  'with spaces in it',
  'größe-日本語-🚀',
  'UPPER-and-lower',
  '__proto__',
  'constructor',
  'a*b>c#d+e$f%2Fg?h&i=j',
  `long-${'x'.repeat(295)}`,
];

const oddPairs: readonly (readonly [string, string])[] = [
  ['plain', 'value'],
  ['with-dash', 'a=b; c="d", e\\f'],
  ['unicode', 'größe 日本語 🚀'],
  ['empty', ''],
  ['long', 'x'.repeat(1000)],
  ['__proto__', 'not a prototype'],
  ['constructor', 'not a function'],
  ['tostring', 'not a method'],
];

/** Metadata that breaks careless code: keys of prototypes, text beyond ASCII, nothing, much. */
export function oddMetadata(): Readonly<Record<string, string>> {
  const metadata: Record<string, string> = Object.create(null);
  for (const [key, value] of oddPairs) metadata[key] = value;
  return metadata;
}

/** Sorted entries: metadata compared without its prototype. */
export function entries(metadata: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
}
