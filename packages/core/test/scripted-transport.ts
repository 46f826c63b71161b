import type { Connection, OutgoingCall, OutgoingStream, StreamSink, Transport } from '../src/index.ts';
import { remoteError } from '../src/plugin.ts';

/** What the peer at an address does with a call; called later than `request` returns. */
export type Answer = (call: OutgoingCall, connection: ScriptedConnection) => void;

class ScriptedConnection implements Connection {
  readonly address: string;
  state: Connection['state'] = 'ready';
  readonly requests: OutgoingCall[] = [];
  readonly cancelled: OutgoingCall[] = [];
  closed = 0;
  destroyed = 0;
  private readonly script: Script;

  constructor(address: string, script: Script) {
    this.address = address;
    this.script = script;
  }

  request(call: OutgoingCall): void {
    this.requests.push(call);
    queueMicrotask(() => this.script.answer(call, this));
  }

  cancel(call: OutgoingCall): void {
    this.cancelled.push(call);
  }

  open(stream: OutgoingStream): StreamSink {
    if (this.script.open === undefined) throw new Error('the script opens no streams');
    return this.script.open(stream, this);
  }

  async close(): Promise<void> {
    this.closed++;
    await this.script.closing;
  }

  destroy(): void {
    this.destroyed++;
    this.script.destroyed?.();
  }
}

export interface Script {
  answer: Answer;
  open?: (stream: OutgoingStream, connection: ScriptedConnection) => StreamSink;
  /** Addresses that `dial` throws at. */
  unreadable?: RegExp;
  /** What `close` of a connection waits for. */
  closing?: Promise<void>;
  destroyed?: () => void;
}

export interface ScriptedTransport extends Transport {
  readonly script: Script;
  readonly dialled: ScriptedConnection[];
  to(address: string): ScriptedConnection;
}

/** A transport whose peers do what the test says: for faults that no real peer shows on demand. */
export function scriptedTransport(answer: Answer, more: Partial<Script> = {}): ScriptedTransport {
  const script: Script = { answer, ...more };
  const dialled: ScriptedConnection[] = [];
  return {
    name: 'scripted',
    features: new Set(['streams', 'cancel']),
    carries: 'values',
    script,
    dialled,
    to(address) {
      const found = dialled.find((one) => one.address === address);
      if (found === undefined) throw new Error(`nobody dialled ${address}`);
      return found;
    },
    async listen() {
      throw new Error('the script listens nowhere');
    },
    dial(address) {
      if (script.unreadable?.test(address))
        throw remoteError('bad_request', `cannot read the address "${address}"`);
      const connection = new ScriptedConnection(address, script);
      dialled.push(connection);
      return connection;
    },
    close: async () => undefined,
  };
}

export const refused = (): ReturnType<typeof remoteError> => remoteError('unavailable', 'connection refused');
