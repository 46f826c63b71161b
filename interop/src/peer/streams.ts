import { channel, type MicroClient, MicroError } from '@micro/core';
import type { Arguments, Streamed } from '../protocol.ts';
import { echo } from './contract.ts';
import { failureOf } from './failure.ts';

/** The server stream. Leaving is ending the loop. */
export async function count(client: MicroClient, args: Arguments): Promise<Streamed> {
  const { service = '', body, leaveAt } = args;
  const request = body as { readonly to: number; readonly everyMs: number; readonly failAt?: number };
  return collect(client.of(echo(service)).count(request), (items) => items.length === leaveAt);
}

/** The two-way stream: one text, one answer. */
export async function chat(client: MicroClient, args: Arguments): Promise<Streamed> {
  const { service = '', texts = [], leaveAt, timeoutMs } = args;
  const talk = channel<{ text: string }>();
  let next = 0;
  const say = async (): Promise<void> => {
    const text = texts[next++];
    if (text === undefined) talk.end();
    else await talk.send({ text });
  };
  await say();
  return collect(client.of(echo(service)).chat(talk, { timeoutMs }), async (items) => {
    if (items.length === leaveAt) return true;
    await say();
    return false;
  });
}

/** The client stream. */
export async function sum(client: MicroClient, args: Arguments): Promise<{ readonly sum: number }> {
  const { service = '', times = 1 } = args;
  async function* numbers(): AsyncGenerator<{ n: number; last: boolean }> {
    for (let n = 1; n <= times; n++) yield { n, last: n === times };
  }
  return client.of(echo(service)).sum(numbers());
}

async function collect(
  replies: AsyncIterable<unknown>,
  leave: (items: readonly unknown[]) => boolean | Promise<boolean>,
): Promise<Streamed> {
  const items: unknown[] = [];
  try {
    for await (const item of replies) {
      items.push(item);
      if (await leave(items)) break;
    }
    return { items, end: null };
  } catch (error) {
    return { items, end: failureOf(MicroError.from(error)) };
  }
}
