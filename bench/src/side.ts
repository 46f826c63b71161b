import { cases } from './cases.ts';
import type { Caller, Served } from './contender.ts';
import { contenderOf } from './contenders.ts';
import { load, type Outcome, type Slice } from './load.ts';
import { messagesOf } from './messages-of.ts';
import { type Profile, profileFile, startProfile } from './profile.ts';

/** What a side is started with. */
export interface Part {
  readonly case: string;
  readonly contender: string;
  readonly role: 'server' | 'client' | 'both';
  /** For a client. */
  readonly address: string;
}

/** What a side is told to do. `collect`: collect garbage first; `keepIn`: a folder for the raw profile, or none. */
export type Order =
  | { readonly type: 'load'; readonly slice: Slice }
  | { readonly type: 'usage'; readonly collect: boolean }
  | { readonly type: 'profile' }
  | { readonly type: 'profiled'; readonly keepIn: string }
  | { readonly type: 'stop' };

/** What it answers. */
export type Answer =
  | { readonly type: 'ready'; readonly address: string }
  | ({ readonly type: 'loaded' } & Outcome)
  | ({ readonly type: 'usage' } & Usage)
  | { readonly type: 'profiling' }
  | ({ readonly type: 'profiled' } & Profile)
  /** A server that the contender needs is not on this machine. */
  | { readonly type: 'missing'; readonly message: string }
  | { readonly type: 'failed'; readonly message: string };

export interface Usage {
  /** CPU of the process so far, garbage collection included, in us. */
  readonly cpuUs: number;
  readonly rssMb: number;
  readonly heapBytes: number;
}

/** The life of a process that is one side of a contender: obeys its parent, ends with it. */
export async function runSide(part: Part): Promise<void> {
  const tell = (answer: Answer): void => {
    process.send?.(answer);
  };
  const parentGone = (): void => process.exit(1);
  process.once('disconnect', parentGone);
  try {
    const { work } = cases.find(({ name }) => name === part.case) ?? fail(`no case "${part.case}"`);
    const contender = await contenderOf(part.contender);
    let served: Served | undefined;
    let caller: Caller | undefined;
    if (part.role !== 'client') served = await contender.serve(work);
    const address = served?.address ?? part.address;
    if (part.role !== 'server') {
      const connected = await contender.connect(address, work);
      caller = work.streams ? messagesOf(connected) : connected;
    }
    let endProfile: Awaited<ReturnType<typeof startProfile>> | undefined;
    const obey = async (order: Order): Promise<void> => {
      if (order.type === 'load') {
        const loaded = await load(caller ?? fail('a server makes no calls'), work, order.slice);
        tell({ type: 'loaded', ...loaded });
      } else if (order.type === 'usage') {
        tell({ type: 'usage', ...usage(order.collect, served) });
      } else if (order.type === 'profile') {
        endProfile = await startProfile();
        tell({ type: 'profiling' });
      } else if (order.type === 'profiled') {
        const end = endProfile ?? fail('no profile was begun');
        tell({ type: 'profiled', ...(await end(profileFile(order.keepIn, part.contender, part.role))) });
      } else {
        await caller?.close();
        await served?.close();
        process.off('disconnect', parentGone);
        process.disconnect(); // nothing else holds the process: a handle that is left shows as a side that stays
      }
    };
    process.on('message', (order: Order) => {
      obey(order).catch((error: unknown) => tell({ type: 'failed', message: textOf(error) }));
    });
    tell({ type: 'ready', address });
  } catch (error) {
    const missing = error instanceof Error && error.name === 'BackendMissing';
    tell({ type: missing ? 'missing' : 'failed', message: missing ? error.message : textOf(error) });
  }
}

function usage(collect: boolean, served: Served | undefined): Usage {
  if (collect) globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return { cpuUs: user + system, rssMb: (served?.rssBytes?.() ?? rss) / 1e6, heapBytes: heapUsed };
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function fail(message: string): never {
  throw new Error(message);
}
