import type { Caller } from './contender.ts';

/** Calls that are the next messages of server streams, one for each lane. */
export function messagesOf(caller: Caller): Caller {
  const { stream } = caller;
  if (stream === undefined) throw new Error('it has no server streams');
  const open = new Map<unknown, AsyncIterator<unknown>>();
  return {
    async call(request) {
      let messages = open.get(request.n);
      if (messages === undefined) {
        messages = stream(request);
        open.set(request.n, messages);
      }
      return (await messages.next()).value;
    },
    async close() {
      for (const messages of open.values()) await messages.return?.();
      await caller.close();
    },
  };
}
