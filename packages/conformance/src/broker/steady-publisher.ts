import assert from 'node:assert/strict';
import type { Broker } from '@micro/core';
import { eventually } from '../eventually.ts';
import { message } from './inbox.ts';

/** How long a server may be away in these cases, in ms. */
const outageMs = 40_000;

/** Publishes every text until it is confirmed, in batches one after another: what was refused is published again. */
export async function publishAll(
  broker: Broker,
  topic: string,
  texts: readonly string[],
  { batch = 500, key }: { readonly batch?: number; readonly key?: string } = {},
): Promise<void> {
  for (let at = 0; at < texts.length; at += batch) {
    const messages = texts.slice(at, at + batch).map((text) => message(text, { key }));
    await eventually(() => broker.publish(topic, messages), { timeoutMs: outageMs });
  }
}

/** Waits until each text has come at least once. Returns how many came too often. */
export async function allArrived(seen: () => readonly string[], wanted: readonly string[]): Promise<number> {
  let count = -1;
  let changedAt = performance.now();
  await eventually(
    () => {
      const texts = seen();
      if (texts.length !== count) changedAt = performance.now();
      count = texts.length;
      if (count < wanted.length) {
        // What has not moved for so long does not come
        if (performance.now() - changedAt > outageMs) return;
        return false;
      }
      const missing = missingOf(texts, wanted);
      if (missing.length > 0 && performance.now() - changedAt < outageMs) return false;
      return;
    },
    { timeoutMs: 10 * outageMs },
  );
  const missing = missingOf(seen(), wanted);
  assert.equal(missing.length, 0, `${missing.length} lost, the first ${missing.slice(0, 5).join(', ')}`);
  return seen().length - wanted.length;
}

function missingOf(texts: readonly string[], wanted: readonly string[]): readonly string[] {
  const there = new Set(texts);
  return wanted.filter((text) => !there.has(text));
}
