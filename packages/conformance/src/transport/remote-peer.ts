import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { TransportFaultScope } from './fault-harness.ts';
import type { PeerNews, PeerOrder } from './peer.ts';

/** A peer in a process of its own, seen from the suite; killed after the case. */
export class RemotePeer {
  address = '';
  /** What it said last. */
  hanging = 0;
  answers = 0;
  rssMb = 0;
  private readonly child: ChildProcess;
  private readonly gone: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.child = child;
    this.gone = once(child, 'exit');
    child.on('message', (news: PeerNews) => {
      if (news.type === 'ready') this.address = news.address;
      else {
        this.hanging = news.hanging;
        this.answers = news.answers;
        this.rssMb = news.rssMb;
      }
    });
  }

  static async start(scope: TransportFaultScope, order: PeerOrder): Promise<RemotePeer> {
    const child = fork(scope.harness.peerFile(), [JSON.stringify(order)], { execArgv: [] });
    const peer = new RemotePeer(child);
    scope.defer(() => peer.kill());
    await scope.eventually(() => peer.address !== '' || child.exitCode !== null);
    if (peer.address === '') throw new Error(`a peer ended with exit code ${child.exitCode}`);
    return peer;
  }

  get port(): number {
    return Number(this.address.slice(this.address.lastIndexOf(':') + 1));
  }

  /** By SIGSTOP: its connections stay open and nobody answers. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  /** Ends it politely; resolves when it is gone. */
  async stop(): Promise<void> {
    this.child.send('stop');
    await this.gone;
  }

  /** By SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.gone;
  }
}
