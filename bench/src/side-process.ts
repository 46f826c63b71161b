import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, Order, Part, Usage } from './side.ts';

// RabbitMQ and Kafka take some seconds
const startMs = 60_000;
const stopMs = 10_000;

/** A server that the contender needs is not on this machine; the message says how to get it. */
export class Missing extends Error {}

/** A side's process, as the orchestrator holds it. One order at a time. */
export class SideProcess {
  /** The contender and its part. */
  readonly name: string;
  private readonly child: ChildProcess;
  private settle: ((answer: Answer) => void) | undefined;

  /** `core`: where it is pinned; `bundles`: the packages as they are published. */
  constructor(part: Part, core: number | undefined, bundles: boolean) {
    this.name = `${part.contender} (${part.role})`;
    const main = fileURLToPath(new URL('./main.js', import.meta.url));
    const node = [
      process.execPath,
      ...(bundles ? ['--conditions=@micro/bundle'] : []),
      '--expose-gc',
      main,
      'side',
      JSON.stringify(part),
    ];
    const [command = '', ...args] = core === undefined ? node : ['taskset', '-c', String(core), ...node];
    this.child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.child.on('message', (answer: Answer) => this.settle?.(answer));
    this.child.on('error', (error) => this.settle?.({ type: 'failed', message: String(error) }));
    this.child.on('exit', (code, signal) =>
      this.settle?.({ type: 'failed', message: `it ended by itself (${signal ?? code})` }),
    );
  }

  /** Its address, when it is ready. */
  async start(): Promise<string> {
    return (await this.wait('ready', startMs)).address;
  }

  /** Rejects when the side failed, ended, or did not answer in time. */
  async ask<T extends Answer['type']>(
    order: Order,
    type: T,
    withinMs: number,
  ): Promise<Extract<Answer, { type: T }>> {
    const answer = this.wait(type, withinMs);
    this.child.send(order);
    return answer;
  }

  /** What its process has used so far. */
  usage(collect: boolean): Promise<Usage> {
    return this.ask({ type: 'usage', collect }, 'usage', startMs);
  }

  /** Asks it to close what it has; resolves false when it had to be killed. */
  async stop(): Promise<boolean> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return true;
    const ended = once(this.child, 'exit');
    let willing = true;
    const timer = setTimeout(() => {
      willing = false;
      this.child.kill('SIGKILL');
    }, stopMs);
    if (this.child.connected) this.child.send({ type: 'stop' } satisfies Order);
    await ended;
    clearTimeout(timer);
    return willing;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private async wait<T extends Answer['type']>(
    type: T,
    withinMs: number,
  ): Promise<Extract<Answer, { type: T }>> {
    let timer: NodeJS.Timeout | undefined;
    const answer = await new Promise<Answer>((resolve) => {
      this.settle = resolve;
      timer = setTimeout(
        () => resolve({ type: 'failed', message: `no answer within ${withinMs} ms` }),
        withinMs,
      );
    });
    clearTimeout(timer);
    this.settle = undefined;
    if (isA(answer, type)) return answer;
    if (answer.type === 'missing') throw new Missing(answer.message);
    throw new Error(
      `${this.name}: ${answer.type === 'failed' ? answer.message : `unexpected ${answer.type}`}`,
    );
  }
}

function isA<T extends Answer['type']>(answer: Answer, type: T): answer is Extract<Answer, { type: T }> {
  return answer.type === type;
}
