import { MicroError } from '@micro/core';
import type { IEvent, IWatchResponse } from 'etcd3';
import type { Connection } from './connection.ts';
import { rangeOf } from './keys.ts';

export interface Followed {
  readonly prefix: string;
  /** The first revision to tell of. */
  readonly from: bigint;
  readonly take: (event: IEvent) => void;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** How a stream has ended. */
export interface End {
  /** Undefined when the signal has aborted, and when etcd has dropped the revision. */
  readonly error: unknown;
  readonly compacted: boolean;
  /** The revision to go on from. */
  readonly next: bigint;
  /** How long it was under way. */
  readonly lastedMs: number;
}

/**
 * Follows a range on one stream until that ends. The library's own watcher goes on from the revision in the answer's
 * head, which can be ahead of the events in it, keeps trying without a word while etcd is away, and crashes the process
 * by an answer it does not know: so this is on its plain stream.
 */
export async function follow(connection: Connection, followed: Followed): Promise<End> {
  const { prefix, from, take, signal, timeoutMs } = followed;
  const stream = await connection.request(({ watchClient }) => watchClient.watch());
  let next = from;
  let begunAt: number | undefined;
  return new Promise((resolve) => {
    let over = false;
    function end(error: unknown, compacted = false): void {
      if (over) return;
      over = true;
      clearTimeout(limit);
      signal.removeEventListener('abort', abort);
      // In this order: the library takes the cancellation of a writable stream for a broken connection.
      stream.end();
      stream.cancel();
      resolve({ error, compacted, next, lastedMs: begunAt === undefined ? 0 : performance.now() - begunAt });
    }
    const abort = (): void => end(undefined);
    const limit = setTimeout(
      () => end(new MicroError('unavailable', `registry etcd: no watch begun within ${timeoutMs} ms`)),
      timeoutMs,
    );

    function receive({ canceled, created, compact_revision, cancel_reason, ...told }: IWatchResponse): void {
      if (over) return;
      if (canceled) {
        const compacted = Number(compact_revision) > 0;
        end(compacted ? undefined : new Error(cancel_reason || 'etcd has ended the watch'), compacted);
      } else if (created) {
        clearTimeout(limit);
        begunAt = performance.now();
      } else {
        const { events, header } = told;
        for (const event of events) take(event);
        // An answer without events says how far we are.
        next = BigInt(events.at(-1)?.kv.mod_revision ?? header.revision) + 1n;
      }
    }
    stream
      .on('data', receive)
      .on('error', end)
      .on('end', () => end(new Error('etcd has ended the watch')));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) {
      abort();
      return;
    }
    const range = rangeOf(prefix);
    stream.write({ create_request: { ...range, start_revision: String(from), progress_notify: true } });
  });
}
