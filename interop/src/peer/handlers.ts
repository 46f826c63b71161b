import { setTimeout as pause } from 'node:timers/promises';
import { type Context, type Handlers, MicroError } from '@micro/core';
import { codeOf } from '@micro/core/plugin';
import type { echo, greeter } from './contract.ts';
import { began, ended, me } from './tell.ts';

type HandlersOf<C extends (service: string) => { readonly endpoints: unknown }> = Handlers<
  ReturnType<C>['endpoints']
>;

export const greeterHandlers: HandlersOf<typeof greeter> = {
  hello: ({ name }) => ({ msg: `Hello ${name}`, from: me }),
};

export const echoHandlers: HandlersOf<typeof echo> = {
  text: (request) => ({ text: request?.text ?? '' }),
  fail({ id, code, detail }) {
    if (code === 0) throw new Error(detail);
    throw new MicroError(codeOf(code), detail, { id, status: code });
  },
  headers: (_, ctx) => ({
    headers: ctx.metadata,
    leftMs: ctx.deadline === undefined ? 0 : Math.round(ctx.deadline - performance.now()),
  }),
  async slow({ ms }, ctx) {
    await waited(ms, ctx, 'Echo.Slow');
    return {};
  },
  async *count({ to, everyMs, failAt }, ctx) {
    began('Echo.Count');
    let over = false;
    try {
      for (let n = 1; n <= to; n++) {
        if (n === failAt) throw stopped();
        yield { n, text: 'größe' };
        await pause(everyMs, undefined, { signal: ctx.signal });
      }
      over = true;
    } finally {
      // A caller that has left ends a generator where it stands: only this block is sure to run.
      ended('Echo.Count', over ? undefined : (ctx.signal.reason ?? 'it was not read to its end'));
    }
  },
  async *chat(messages, ctx) {
    let over = false;
    try {
      for await (const { text } of messages) {
        if (text === 'fail') throw stopped();
        yield { text: text.toUpperCase() };
      }
      over = true;
    } finally {
      ended('Echo.Chat', over ? undefined : (ctx.signal.reason ?? 'it was not read to its end'));
    }
  },
  async sum(messages) {
    let sum = 0;
    for await (const { n, last } of messages) {
      sum += n;
      if (last) break;
    }
    return { sum };
  },
};

async function waited(ms: number, ctx: Context, endpoint: string): Promise<void> {
  try {
    await pause(ms, undefined, { signal: ctx.signal });
    ended(endpoint);
  } catch (error) {
    ended(endpoint, ctx.signal.reason ?? error);
    throw error;
  }
}

const stopped = (): MicroError => new MicroError('conflict', 'stop at größe', { id: 'echo' });
