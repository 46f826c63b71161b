import assert from 'node:assert/strict';
import type {
  Body,
  Code,
  Connection,
  Delivered,
  DialOptions,
  Metadata,
  MicroError,
  OutgoingCall,
  OutgoingStream,
  ReplyMetadata,
  StreamKind,
  StreamSink,
  Target,
  Transport,
} from '@micro/core';
import { within } from '../eventually.ts';
import type { TransportScope } from './harness.ts';
import { ReceivingEnd } from './receiving-end.ts';
import { Rules } from './rules.ts';
import { kinds } from './server.ts';

type Outcome =
  | {
      readonly body: Body;
      readonly error?: undefined;
      readonly delivered?: undefined;
      readonly metadata: ReplyMetadata | undefined;
    }
  | {
      readonly body?: undefined;
      readonly error: MicroError;
      readonly delivered: Delivered;
      readonly metadata: ReplyMetadata | undefined;
    };

/** How a call is made. */
interface Sending {
  readonly service?: string | undefined;
  /** @default 'Test.Unary' */
  readonly endpoint?: string | undefined;
  /** The codec writes and wants text. @default true */
  readonly text?: boolean | undefined;
  readonly deadline?: number | undefined;
  readonly metadata?: Metadata | undefined;
}

/** Stands for core's client: sends calls and streams through one connection, and holds it to the rules. */
export interface Client {
  readonly transport: Transport;
  readonly connection: Connection;
  /** Sends, and does not wait. */
  send(body: Body, sending?: Sending): SentCall;
  /** The reply; throws for a failure. */
  call(body: Body, sending?: Sending): Promise<Body>;
  /** The failure; throws for a reply, or another code. */
  fails(
    outcome: Promise<Outcome>,
    code: Code,
  ): Promise<{ readonly error: MicroError; readonly delivered: Delivered }>;
  open(kind: StreamKind, sending?: Sending): ReceivingEnd;
}

// far from the indices of core's own clients in this process, near enough for an array
let lastIndex = 1000;
const targets = new Map<string, Target>();

function targetOf({ service = 'conformance', endpoint = 'Test.Unary', text = true }: Sending): Target {
  const key = JSON.stringify([service, endpoint, text]);
  let target = targets.get(key);
  if (target === undefined) {
    const contentType = text ? 'application/json' : 'application/protobuf';
    const index = Object.hasOwn(kinds, endpoint) ? ++lastIndex : 0;
    target = Object.freeze({ index, service, endpoint, contentType, text });
    targets.set(key, target);
  }
  return target;
}

class TestCall implements OutgoingCall {
  readonly target: Target;
  readonly body: Body;
  readonly deadline: number;
  readonly metadata: Metadata | undefined;
  readonly wantsMetadata = true;
  slot = -1;
  readonly outcome: Promise<Outcome>;
  outcomes = 0;
  requesting = false;
  cancelled = false;
  private readonly rules: Rules;
  private resolve: (outcome: Outcome) => void = () => {};

  constructor(rules: Rules, body: Body, sending: Sending) {
    this.rules = rules;
    this.body = body;
    this.target = targetOf(sending);
    this.deadline = sending.deadline ?? 0;
    this.metadata = sending.metadata;
    this.outcome = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  done(body: Body, metadata?: ReplyMetadata): void {
    this.ended('done');
    this.resolve({ body, metadata });
  }

  fail(error: MicroError, delivered: Delivered, metadata?: ReplyMetadata): void {
    this.ended('fail');
    this.resolve({ error, delivered, metadata });
  }

  private ended(how: string): void {
    this.outcomes++;
    if (this.requesting) this.rules.broken(`${how} before request() has returned`);
    if (this.cancelled) this.rules.broken(`${how} after the call was cancelled`);
    if (this.outcomes > 1) this.rules.broken(`${how}, and the call had ended before`);
  }
}
type SentCall = TestCall;

/** Dials the address with an instance of its own, until the case ends. */
export async function dial(
  scope: TransportScope,
  address: string,
  options: Partial<DialOptions> = {},
): Promise<Client> {
  const transport = await scope.create();
  return clientOf(scope, transport, transport.dial(address, { metadata: {}, ...options }));
}

export function clientOf(scope: TransportScope, transport: Transport, connection: Connection): Client {
  const rules = new Rules(scope);
  const timeoutMs = scope.harness.patienceMs ?? 10_000;
  const client: Client = {
    transport,
    connection,
    send(body, sending = {}) {
      const call = new TestCall(rules, body, sending);
      call.requesting = true;
      connection.request(call);
      call.requesting = false;
      return call;
    },
    async call(body, sending) {
      const outcome = await within(client.send(body, sending).outcome, timeoutMs, 'the reply');
      if (outcome.error !== undefined) throw outcome.error;
      return outcome.body;
    },
    async fails(pending, code) {
      const outcome = await within(pending, 2 * timeoutMs, `the failure ${code}`);
      if (outcome.error === undefined) assert.fail(`it was answered, should have failed with ${code}`);
      assert.equal(outcome.error.code, code, outcome.error.message);
      return outcome;
    },
    open(kind, sending = {}) {
      const end = new ReceivingEnd(rules, 'client');
      const endpoints = {
        'server-stream': 'Test.ServerStream',
        'client-stream': 'Test.ClientStream',
        bidi: 'Test.Bidi',
      };
      const stream: OutgoingStream = {
        kind,
        target: targetOf({ endpoint: endpoints[kind], ...sending }),
        deadline: sending.deadline ?? 0,
        metadata: sending.metadata,
        wantsMetadata: true,
        header: (metadata) => end.header(metadata),
        message: (body) => end.message(body),
        end: (metadata) => end.end(metadata),
        fail: (error, delivered, metadata) => end.fail(error, delivered, metadata),
        drained: () => end.drained(),
      };
      end.busy = true;
      const sink: StreamSink = connection.open(stream);
      end.busy = false;
      end.sink = sink;
      return end;
    },
  };
  scope.defer(() => connection.destroy());
  return client;
}

/** Bodies compared as bytes: a text codec may be given either. */
export function bytesOf(body: Body | undefined): Uint8Array {
  return typeof body === 'string' ? new TextEncoder().encode(body) : (body ?? new Uint8Array());
}

export function textOf(body: Body | undefined): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body);
}
