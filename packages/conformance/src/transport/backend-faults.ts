import assert from 'node:assert/strict';
import { isMicroError, type Transport } from '@micro/core';
import { eventually, within } from '../eventually.ts';
import { rejects } from '../expectations.ts';
import { type CutProxy, cutProxy } from '../faults/cut-proxy.ts';
import type { ServerHandle } from '../faults/server.ts';
import type { Case, Scope, Suite } from '../suite.ts';
import { type Client, clientOf, dial, textOf } from './client.ts';
import type { TransportHarness } from './harness.ts';
import { type ServedCall, type Server, serve } from './server.ts';

/** A transport whose calls go through a message system: the real server of that, and what to break it with. */
export interface TransportBackendHarness extends TransportHarness {
  readonly server: ServerHandle;
  /** The port of 127.0.0.1 that a proxy is put in front of. */
  readonly port: number;
  /** An instance that reaches the server by this `host:port`. */
  createAt(address: string): Transport;
  /** How long the server stays away where it is stopped, in ms. @default 10000 */
  readonly outageMs?: number | undefined;
  /** An instance whose credentials the server refuses, and what the server says then. */
  createRefused?(): Transport;
  readonly refusal?: RegExp | undefined;
}

type BackendScope = Scope<TransportBackendHarness, Transport>;
type BackendCase = Case<TransportBackendHarness, Transport>;

/** A reconnection with its backoff, a server that starts slowly. */
const recoveryMs = 60_000;
const slow = 'slow';

/** Answers everything but what is to be slow. */
function answer({ incoming }: ServedCall): void {
  if (textOf(incoming.body) !== slow) incoming.reply(incoming.body);
}

/** The same scope, whose instances reach the server through the proxy. */
function through(scope: BackendScope, proxy: CutProxy): BackendScope {
  return {
    ...scope,
    async create() {
      const transport = scope.harness.createAt(proxy.address);
      scope.defer(() => transport.close());
      return transport;
    },
  };
}

/** A listener and a client that know each other, with a call and a stream under way. */
interface Pair {
  readonly server: Server;
  readonly client: Client;
  /** Both fail with `unavailable`, as maybe delivered, and their handlers are told. */
  broken(): Promise<void>;
}

async function pair(servers: BackendScope, clients: BackendScope): Promise<Pair> {
  const server = await serve(servers, { call: answer });
  const client = await dial(clients, server.address);
  assert.equal(textOf(await client.call('before')), 'before');
  const call = client.send(slow);
  const stream = client.open('bidi');
  stream.write('hello');
  await servers.eventually(() => server.calls.length === 2 && server.streams[0]?.from.bodies.length === 1);
  return {
    server,
    client,
    async broken() {
      assert.equal((await client.fails(call.outcome, 'unavailable')).delivered, 'maybe');
      await stream.until(() => stream.failure !== undefined);
      assert.deepEqual([stream.failure?.error.code, stream.failure?.delivered], ['unavailable', 'maybe']);
      const told = (): boolean =>
        server.calls[1]?.cancelled === true && server.streams[0]?.from.failure !== undefined;
      await eventually(told, { timeoutMs: recoveryMs });
    },
  };
}

/** Calls that work again, by themselves. */
async function recovers({ client }: Pair): Promise<void> {
  const works = async (): Promise<void> => assert.equal(textOf(await client.call('after')), 'after');
  await eventually(works, { timeoutMs: recoveryMs });
}

async function outage(scope: BackendScope, end: 'stop' | 'kill', awayMs: number): Promise<void> {
  const { server: backend } = scope.harness;
  const both = await pair(scope, scope);
  const { listener } = both.server;
  scope.defer(() => backend.start());
  await backend[end]();
  await both.broken();
  await scope.eventually(() => assert.equal(listener.active, false, 'the listener says that it is reached'));
  const backAt = performance.now() + awayMs;
  do {
    const { outcome } = both.client.send('meanwhile');
    assert.equal((await both.client.fails(outcome, 'unavailable')).delivered, 'no');
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (performance.now() < backAt);
  await backend.start();
  await recovers(both);
  assert.equal(listener.active, true);
}

const cases: readonly BackendCase[] = [
  {
    name: 'while the server is stopped calls fail at once; afterwards listeners are reached again by themselves',
    run: (scope) => outage(scope, 'stop', scope.harness.outageMs ?? 10_000),
  },
  {
    name: 'a server that is killed: what is under way fails on both sides, and all comes back by itself',
    run: (scope) => outage(scope, 'kill', 0),
  },
  {
    name: "a client's connection that is cut: what is under way fails on both sides, and the next call works",
    async run(scope) {
      const proxy = await cutProxy(scope.harness.port);
      scope.defer(proxy.close);
      const both = await pair(scope, through(scope, proxy));
      proxy.cut();
      await both.broken();
      await recovers(both);
    },
  },
  {
    name: "a listener's connection that is cut: what is under way fails on both sides, and the next call works",
    async run(scope) {
      const proxy = await cutProxy(scope.harness.port);
      scope.defer(proxy.close);
      const both = await pair(through(scope, proxy), scope);
      proxy.cut();
      await both.broken();
      await recovers(both);
    },
  },
  {
    name: 'a server that is frozen: nothing waits for ever, and calls work when it goes on',
    async run(scope) {
      const { server: backend } = scope.harness;
      const both = await pair(scope, scope);
      const fresh = await scope.create(); // has never been connected
      scope.defer(() => backend.thaw());
      backend.freeze();
      const call = both.client.send('frozen');
      const first = clientOf(scope, fresh, fresh.dial(both.server.address, { metadata: {} })).send('first');
      for (const { outcome } of [call, first]) {
        const { error } = await within(outcome, recoveryMs, 'the end of a call');
        assert.ok(isMicroError(error, 'unavailable'), String(error));
      }
      await both.broken();
      backend.thaw();
      await recovers(both);
    },
  },
  {
    name: "credentials that the server refuses are an error with the server's reason",
    asks: ['createRefused', 'refusal'],
    async run(scope) {
      const transport = scope.harness.createRefused?.();
      assert.ok(transport);
      scope.defer(() => transport.close());
      const acceptor = { endpoints: [], route: assert.fail, call: assert.fail, stream: assert.fail };
      const listening = await rejects(transport.listen(acceptor, { address: ':0' }), 'unauthorized');
      assert.match(listening.message, scope.harness.refusal ?? /^/);
      const client = clientOf(scope, transport, transport.dial('anybody', { metadata: {} }));
      const { error, delivered } = await client.fails(client.send('x').outcome, 'unauthorized');
      assert.match(error.message, scope.harness.refusal ?? /^/);
      assert.equal(delivered, 'no');
    },
  },
];

/** What a transport over a message system bears: that going away, freezing, refusing, and connections to it that break. */
export const transportBackendFaultSuite: Suite<TransportBackendHarness, Transport> = {
  kind: 'transport backend faults of',
  cases,
};
