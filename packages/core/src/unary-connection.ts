import { now } from './clock.ts';
import { MicroError, remoteError } from './errors.ts';
import { noMetadata } from './metadata.ts';
import type { Body, Connection, OutgoingCall, OutgoingStream, StreamSink } from './transport.ts';
import type { UnaryOutcome, UnaryTransportDefinition } from './unary-transport.ts';

const utf8 = new TextEncoder();

/** A body as bytes, whatever the codec has made. */
export function bytesOf(body: Body): Uint8Array {
  return typeof body === 'string' ? utf8.encode(body) : body;
}

/** Bytes as the codec wants them. */
export function bodyOf(bytes: Uint8Array, text: boolean): Body {
  if (!text) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

const nothing: StreamSink = { write: () => true, end() {}, abort() {}, pause() {}, resume() {} };

/** A peer of a transport that was made of two async functions. */
export class UnaryConnection implements Connection {
  readonly address: string;
  state: Connection['state'] = 'idle';
  private readonly definition: UnaryTransportDefinition;
  private readonly from: string | undefined;
  private readonly onClosed: () => void;
  private readonly calls = new Map<OutgoingCall, AbortController>();
  private whenIdle: (() => void)[] = [];

  constructor(
    definition: UnaryTransportDefinition,
    address: string,
    from: string | undefined,
    onClosed: () => void,
  ) {
    this.definition = definition;
    this.address = address;
    this.from = from;
    this.onClosed = onClosed;
  }

  request(call: OutgoingCall): void {
    const controller = new AbortController();
    this.calls.set(call, controller);
    // Owned: run ends the call whatever happens, and never rejects
    void this.run(call, controller);
  }

  cancel(call: OutgoingCall): void {
    const controller = this.calls.get(call);
    this.forget(call, controller);
    controller?.abort();
  }

  open(stream: OutgoingStream): StreamSink {
    const { name } = this.definition;
    const error = remoteError('unimplemented', `transport "${name}" has no streams`, {
      id: 'go.micro.transport',
    });
    queueMicrotask(() => stream.fail(error, 'no'));
    return nothing;
  }

  async close(): Promise<void> {
    this.state = 'closed';
    if (this.calls.size > 0) await new Promise<void>((resolve) => this.whenIdle.push(resolve));
    this.onClosed();
  }

  destroy(): void {
    this.state = 'closed';
    for (const [call, controller] of [...this.calls]) {
      this.forget(call, controller);
      controller.abort();
      queueMicrotask(() => call.fail(this.gone(), 'maybe'));
    }
    this.onClosed();
  }

  private async run(call: OutgoingCall, controller: AbortController): Promise<void> {
    const closed = this.state === 'closed';
    await null; // neither done nor fail before request has returned
    if (this.calls.get(call) !== controller) return; // cancelled, or destroyed
    const outcome: UnaryOutcome = closed
      ? { error: this.gone(), delivered: 'no' }
      : await this.carry(call, controller.signal);
    if (!this.forget(call, controller)) return;
    if ('error' in outcome) {
      const lost = outcome.error.code === 'unavailable' && outcome.delivered !== 'yes';
      this.become(lost ? 'idle' : 'ready');
      call.fail(outcome.error, outcome.delivered);
    } else {
      this.become('ready');
      call.done(bodyOf(outcome.body, call.target.text));
    }
  }

  private async carry(call: OutgoingCall, signal: AbortSignal): Promise<UnaryOutcome> {
    const { service, endpoint, contentType } = call.target;
    const timeoutMs = call.deadline === 0 ? 0 : Math.max(1, call.deadline - now());
    const { metadata = noMetadata } = call;
    const about = { service, endpoint, contentType, metadata, timeoutMs, from: this.from };
    try {
      return await this.definition.call(this.address, { ...about, body: bytesOf(call.body) }, signal);
    } catch (error) {
      return { error: MicroError.from(error, 'unavailable'), delivered: 'maybe' };
    }
  }

  private become(state: 'idle' | 'ready'): void {
    if (this.state !== 'closed') this.state = state;
  }

  /** Whether the call was still known: a later attempt of the same call is another one. */
  private forget(call: OutgoingCall, controller: AbortController | undefined): boolean {
    if (controller === undefined || this.calls.get(call) !== controller) return false;
    this.calls.delete(call);
    if (this.calls.size === 0) for (const resolve of this.whenIdle.splice(0)) resolve();
    return true;
  }

  private gone(): MicroError {
    return remoteError('unavailable', `the connection to ${this.address} is closed`, {
      id: 'go.micro.transport',
    });
  }
}
