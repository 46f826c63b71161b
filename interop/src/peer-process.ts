import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import type { Answer, Arguments, Command, EventSeen, Failure, PeerEvent, Results } from './protocol.ts';
import { within } from './within.ts';

const readyMs = 20_000;
const answerMs = 60_000;
const stopMs = 20_000;
const keptLines = 40;

/** What a command was answered when it failed. */
class PeerFailure extends Error {
  readonly failure: Failure;

  constructor(who: string, failure: Failure) {
    super(`${who}: ${failure.text}`);
    this.failure = failure;
  }
}

/** A peer's process, Go's or ours: told by `ask`, and telling what it sees. */
export class Peer {
  readonly name: string;
  /** Ids of the nodes of every watched service, as last told. */
  readonly nodes: Map<string, readonly string[]> = new Map();
  /** The events that it has received, in their order. */
  readonly messages: EventSeen[] = [];
  /** The endpoints whose handlers have begun. */
  readonly began: Set<string> = new Set();
  /** The handlers that have ended, as last told, by endpoint. */
  readonly ended: Map<string, string> = new Map();
  private readonly child: ChildProcess;
  private readonly pending = new Map<number, (answer: Answer) => void>();
  private readonly lines: string[] = [];
  private readonly readiness: Promise<void>;
  private isReady: () => void = () => {};
  private isGone: (error: Error) => void = () => {};
  private next = 0;

  constructor(name: string, command: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.name = name;
    this.child = spawn(command, args, {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env, PEER_NAME: name },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const { stdout, stderr, stdin } = this.child;
    if (stdout === null || stderr === null || stdin === null) throw new Error('a peer has three pipes');
    stdin.on('error', () => {}); // it has ended, which is told below
    createInterface(stdout).on('line', (line) => this.hear(line));
    createInterface(stderr).on('line', (line) => this.keep(line));
    this.child.on('exit', (code, signal) => this.gone(`it ended by itself (${signal ?? code})`));
    this.child.on('error', (error) => this.gone(String(error)));
    this.readiness = new Promise((resolve, reject) => {
      this.isReady = resolve;
      this.isGone = reject;
    });
    this.readiness.catch(() => {}); // who waits for it is told
  }

  async ready(): Promise<this> {
    await within(this.readiness, readyMs, `${this.name} is ready`);
    return this;
  }

  /** Rejects with a PeerFailure for what the peer could not do. */
  async ask<K extends keyof Results>(what: K, args: Arguments = {}): Promise<Results[K]> {
    const n = ++this.next;
    const answering = new Promise<Answer>((resolve) => this.pending.set(n, resolve));
    const command: Command = { n, do: what, ...args };
    this.child.stdin?.write(`${JSON.stringify(command)}\n`);
    const { result, error } = await within(answering, answerMs, `${this.name} answers "${what}"`);
    if (error) throw new PeerFailure(this.name, error);
    return result as Results[K]; // protocol.ts says so, and both sides are ours
  }

  /** How the command fails. Throws when it does not. */
  async failing(what: keyof Results, args: Arguments): Promise<Failure> {
    try {
      const result = await this.ask(what, args);
      throw new Error(`${this.name}: "${what}" did not fail, it gave ${JSON.stringify(result)}`);
    } catch (error) {
      if (error instanceof PeerFailure) return error.failure;
      throw error;
    }
  }

  /** Asks it to stop, as an operator does. Throws when it does not end well. */
  async stop(): Promise<void> {
    const code = await this.end('SIGTERM');
    if (code !== 0) throw new Error(`${this.name} ended with ${code}`);
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** What it has said last besides, for who has to find out what went wrong. */
  get said(): string {
    return this.lines.join('\n');
  }

  private async end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill(signal);
      const limit = setTimeout(() => child.kill('SIGKILL'), stopMs);
      await exit;
      clearTimeout(limit);
    }
    return child.signalCode ?? child.exitCode;
  }

  private hear(line: string): void {
    if (!line.startsWith('{')) {
      this.keep(line); // go-micro v4 logs to its output
      return;
    }
    const heard = JSON.parse(line) as PeerEvent | Answer;
    if (!('event' in heard)) {
      this.pending.get(heard.n)?.(heard);
      this.pending.delete(heard.n);
    } else if (heard.event === 'ready') this.isReady();
    else if (heard.event === 'nodes') this.nodes.set(heard.service, heard.ids);
    else if (heard.event === 'began') this.began.add(heard.endpoint);
    else if (heard.event === 'ended') this.ended.set(heard.endpoint, heard.how);
    else this.messages.push(heard);
  }

  private keep(line: string): void {
    this.lines.push(line);
    if (this.lines.length > keptLines) this.lines.shift();
  }

  private gone(text: string): void {
    this.isGone(new Error(`${this.name}: ${text}\n${this.said}`));
    for (const [n, answer] of this.pending) answer({ n, error: { text, id: '', code: 0, detail: text } });
    this.pending.clear();
  }
}
