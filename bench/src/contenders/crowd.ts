import '@micro/transport-tcp';
import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Contender, Message } from '../contender.ts';
import { unpinned } from './backend.ts';
import { ours } from './ours.ts';

/** `connections`: 10,000 that are idle; `held`: 100,000 calls that wait in their handlers; `busy`: 100,000 always under way. */
export type CrowdKind = 'connections' | 'held' | 'busy';

/** Calls of the crowd that must have come before the quiet caller begins. */
const arrived: Readonly<Record<CrowdKind, number>> = { connections: 10_000, held: 100_000, busy: 1 };
const silentMs = 50;

/** The TCP transport's service beside whose quiet caller there is a crowd, in a process of its own. */
export function beside(kind: CrowdKind): Contender {
  const tcp = ours(() => 'tcp', { maxInFlight: 200_000 });
  return {
    connect: tcp.connect,
    async serve(work) {
      const signal = new EventEmitter();
      const released = once(signal, 'released');
      const here = once(signal, 'here');
      let count = 0;
      let last = 0;
      let going = false;
      const handle = async (request: Message): Promise<Message> => {
        if (request.crowd === true) {
          if (++count === arrived[kind]) signal.emit('here');
          if (kind === 'held') await released;
        } else if (kind === 'busy') {
          last = performance.now();
          if (!going) tell(true);
        }
        return work.handle(request);
      };
      const served = await tcp.serve({ ...work, handle });
      const main = fileURLToPath(new URL('../crowd.js', import.meta.url));
      const crowd = await unpinned(async () => fork(main, [kind, served.address]));
      const ended = once(crowd, 'exit');
      const tell = (go: boolean): void => {
        going = go;
        crowd.send(go);
      };
      // the crowd is busy only in the turns of its own contender
      const watching = setInterval(() => {
        if (going && performance.now() - last > silentMs) tell(false);
      }, silentMs / 2);
      const lost = ended.then(() => Promise.reject(new Error('the crowd has ended')));
      await Promise.race([here, lost]);
      lost.catch(() => undefined);
      return {
        address: served.address,
        async close() {
          clearInterval(watching);
          signal.emit('released');
          crowd.disconnect();
          await ended;
          await served.close();
        },
      };
    },
  };
}
