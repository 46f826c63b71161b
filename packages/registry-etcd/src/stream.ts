import { MicroError } from '@micro/core';
import { castGrpcError, type Etcd3, type IEvent, type IWatchResponse } from 'etcd3';
import type { Connection } from './connection.ts';
import { rangeOf } from './keys.ts';

export interface Followed {
  readonly prefix: string;
  /** The first revision to tell of. */
  readonly from: bigint;
  readonly take: (event: IEvent) => void;
  readonly signal: AbortSignal;
  /** How long etcd may take to begin, in ms. */
  readonly timeoutMs: number;
}

/** How a stream has ended. */
export interface End {
  /** Undefined when the signal has aborted. */
  readonly error: unknown;
  /** The revision to go on from. */
  readonly next: bigint;
  /** How long it was under way. */
  readonly lastedMs: number;
}

/**
 * Follows a range on one stream until that ends; rejects when etcd cannot be reached. The library's own watcher goes on from
 * the revision in the answer's head, which can be ahead of the events in it, keeps trying without a word while etcd is
 * away, and crashes the process by an answer it does not know: so this is on its plain stream.
 */
export async function follow(connection: Connection, followed: Followed): Promise<End> {
  const { ended } = await connection.request((client) => begin(client, followed));
  return ended;
}

/** Resolves when etcd has begun to watch, or has said why it does not. */
async function begin(
  { watchClient }: Etcd3,
  { prefix, from, take, signal, timeoutMs }: Followed,
): Promise<{ readonly ended: Promise<End> }> {
  const stream = await watchClient.watch();
  return new Promise((resolve, reject) => {
    let next = from;
    let begunAt: number | undefined;
    let over = false;
    let settle: (end: End) => void = () => {};
    const ended = new Promise<End>((done) => {
      settle = done;
    });

    function end(error: unknown): void {
      if (over) return;
      over = true;
      clearTimeout(limit);
      signal.removeEventListener('abort', abort);
      // In this order: the library takes the cancellation of a writable stream for a broken connection.
      stream.end();
      stream.cancel();
      const lastedMs = begunAt === undefined ? 0 : performance.now() - begunAt;
      settle({ error, next, lastedMs });
      if (error === undefined) resolve({ ended });
      else reject(error); // of no effect where it had begun
    }
    const abort = (): void => end(undefined);
    const late = new MicroError('unavailable', `registry etcd: no watch has begun within ${timeoutMs} ms`);
    const limit = setTimeout(end, timeoutMs, late);

    function receive({ canceled, created, cancel_reason, ...told }: IWatchResponse): void {
      if (over) return;
      if (canceled) {
        resolve({ ended }); // this member has answered: no other would answer otherwise
        end(new Error(cancel_reason || `etcd has nothing from revision ${next} on any more`));
      } else if (created) {
        clearTimeout(limit);
        begunAt = performance.now();
        resolve({ ended });
      } else {
        const { events, header } = told;
        for (const event of events) take(event);
        // An answer without events says how far we are.
        next = BigInt(events.at(-1)?.kv.mod_revision ?? header.revision) + 1n;
      }
    }
    stream
      .on('data', receive)
      .on('error', (error) => end(castGrpcError(error)))
      .on('end', () => end(new Error('etcd has ended the watch')));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    else {
      const range = rangeOf(prefix);
      stream.write({ create_request: { ...range, start_revision: String(from), progress_notify: true } });
    }
  });
}
