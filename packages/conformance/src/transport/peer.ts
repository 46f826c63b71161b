import { setTimeout as pause } from 'node:timers/promises';
import { createClient, createService, type Transport } from '@micro/core';
import { Faults } from './fault-contract.ts';

/** What a peer in a process of its own does: it comes as JSON in its first argument. */
export interface PeerOrder {
  /** A reader asks for large answers, many at once, as long as it lives. */
  readonly role: 'server' | 'reader';
  readonly address: string;
}

/** What it tells its parent. */
export type PeerNews =
  | { readonly type: 'ready'; readonly address: string }
  | { readonly type: 'state'; readonly hanging: number; readonly answers: number; readonly rssMb: number };

/**
 * A peer for fault suites, to be called by a module that the suite forks. A message `stop` ends it politely: a
 * server drains.
 */
export async function runPeer(create: () => Transport): Promise<void> {
  const order: PeerOrder = JSON.parse(process.argv[2] ?? '');
  const tell = (news: PeerNews): void => {
    process.send?.(news);
  };
  const around = {
    registry: { memory: { network: 'faults' } },
    broker: { memory: { network: 'faults' } },
    transport: create(),
    argv: [],
    env: {},
  } as const;
  let hanging = 0;
  let answers = 0;
  const watching = setInterval(() => {
    tell({ type: 'state', hanging, answers, rssMb: process.memoryUsage.rss() / 1e6 });
  }, 20);
  const stopped = new Promise<void>((resolve) => {
    process.once('message', () => resolve());
  });

  if (order.role === 'server') {
    const service = createService({ ...around, name: 'faults', address: order.address, drainMs: 5_000 });
    service.handle(Faults, {
      echo: ({ text }) => ({ text }),
      async hang(_, { signal }) {
        hanging++;
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        hanging--;
        return { text: '' };
      },
      big: ({ size }) => ({ text: 'x'.repeat(size) }),
      async slow({ text }) {
        await pause(5);
        return { text };
      },
      async again({ text }) {
        await pause(5);
        return { text };
      },
      async *ticks({ text }, { signal }) {
        while (!signal.aborted) {
          yield { text };
          await pause(5);
        }
      },
    });
    await service.start();
    tell({ type: 'ready', address: service.address ?? '' });
    await stopped;
    await service.stop();
  } else {
    const client = createClient(around);
    const { big } = client.of(Faults);
    let reading = true;
    const read = async (): Promise<void> => {
      while (reading) {
        await big({ size: 500_000 }, { address: order.address, timeoutMs: 60_000 });
        answers++;
      }
    };
    const readers = Array.from({ length: 64 }, read);
    tell({ type: 'ready', address: order.address });
    await stopped;
    reading = false;
    await Promise.allSettled(readers);
    await client.close();
  }
  await around.transport.close(); // one over a message system holds the process
  clearInterval(watching);
  process.disconnect();
}
