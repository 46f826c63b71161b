import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { BrokerFaultScope } from './fault-harness.ts';
import type { MemberNews, MemberOrder } from './member.ts';

/** A subscriber in a process of its own, which can be killed and frozen. */
export interface RemoteMember {
  /** What it has handled. */
  readonly texts: readonly string[];
  /** Its memory, in bytes. */
  readonly rss: number;
  stop(): Promise<void>;
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

/** Resolves when it has subscribed. Ended after the case. */
export async function startMember(
  scope: BrokerFaultScope,
  order: Pick<MemberOrder, 'topic' | 'queue'> & Partial<MemberOrder>,
): Promise<RemoteMember> {
  const { harness } = scope;
  const complete: MemberOrder = { address: harness.address(), maxInFlight: 64, handlerMs: 0, ...order };
  const child = fork(harness.memberFile(), [JSON.stringify(complete)], { execArgv: [] });
  const exited = once(child, 'exit');
  const texts: string[] = [];
  let rss = 0;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  scope.defer(() => end('SIGKILL'));
  child.on('message', (news: MemberNews) => {
    if (news.type === 'handled') texts.push(...news.texts);
    else if (news.type === 'memory') rss = news.rss;
    else if (news.type === 'error') harness.note?.(`a member: ${news.message}`);
  });
  await Promise.race([ready(child), exited.then(() => Promise.reject(new Error('the member has ended')))]);
  return {
    texts,
    get rss() {
      return rss;
    },
    async stop() {
      child.send('stop');
      await exited;
    },
    kill: () => end('SIGKILL'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on('message', (news: MemberNews) => {
      if (news.type === 'ready') resolve();
    });
  });
}
