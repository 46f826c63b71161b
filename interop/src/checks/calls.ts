import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '@micro/conformance';
import { type Check, type Meeting, pairOf } from './check.ts';

/** gRPC takes messages of 4 MiB at most, a NATS server of 1 MiB. */
const largest: Readonly<Record<string, number>> = { grpc: 3 * 1024 * 1024, nats: 512 * 1024 };

export const calls: readonly Check[] = [
  {
    name: 'a call is answered, text outside ASCII included',
    async run(meeting) {
      const { caller, server, service } = await pairOf(meeting);
      const reply = await caller.ask('call', {
        service,
        endpoint: 'Greeter.Hello',
        body: { name: 'Ärger 世界 🙂' },
      });
      assert.deepEqual(reply, { msg: 'Hello Ärger 世界 🙂', from: server.name });
    },
  },
  {
    name: 'an error keeps its id, code and detail, text outside ASCII included',
    async run(meeting) {
      const { caller, service } = await pairOf(meeting);
      for (const [code, detail] of [
        [404, 'user <42> not found'],
        [409, '"größe" 世界 🙂 100 %'],
        [500, 'broken'],
        [418, 'a code of our own'],
      ] as const) {
        const body = { id: 'acme.users', code, detail };
        const failure = await caller.failing('call', { service, endpoint: 'Echo.Fail', body });
        assert.deepEqual({ id: failure.id, code: failure.code, detail: failure.detail }, body);
      }
    },
  },
  {
    name: 'a handler that fails with an error of any kind makes the call fail',
    async run(meeting) {
      const { caller, service } = await pairOf(meeting);
      const body = { id: '', code: 0, detail: 'bööm' };
      const failure = await caller.failing('call', { service, endpoint: 'Echo.Fail', body });
      // Go sends the text of any error; ours only of errors that are meant for callers.
      if (meeting.to === 'go') assert.equal(failure.detail, 'bööm');
      else assert.deepEqual([failure.code, failure.detail], [500, 'Echo.Fail failed']);
    },
  },
  {
    name: 'an endpoint that is not there is an error that says so, and calls go on',
    async run(meeting) {
      const { caller, service } = await pairOf(meeting);
      for (const endpoint of ['Echo.Nope', 'Nope.Hello']) {
        const failure = await caller.failing('call', { service, endpoint, body: {} });
        assert.match(failure.text, /Nope/);
      }
      await caller.ask('call', { service, endpoint: 'Greeter.Hello', body: { name: '' } });
    },
  },
  {
    name: 'metadata arrives',
    run: (meeting) => metadata(meeting, { Tenant: 'acme', 'x-trace': 'a b, c=d; "e"' }),
  },
  {
    name: 'metadata outside ASCII arrives',
    run: (meeting) => metadata(meeting, { Tenant: 'größe 世界' }),
  },
  {
    name: 'the handler knows how long its caller waits',
    async run(meeting) {
      const { caller, service } = await pairOf(meeting);
      const args = { service, endpoint: 'Echo.Headers', body: {}, timeoutMs: 2_500 };
      const { leftMs } = (await caller.ask('call', args)) as { leftMs: number };
      assert.ok(leftMs > 1_000 && leftMs <= 2_500, `${leftMs} ms left`);
    },
  },
  {
    name: 'a call that takes too long ends with 408, and its handler is told',
    async run(meeting) {
      const { caller, server, service } = await pairOf(meeting);
      server.ended.delete('Echo.Slow');
      const start = performance.now();
      const failure = await caller.failing('call', {
        service,
        endpoint: 'Echo.Slow',
        body: { ms: 20_000 },
        timeoutMs: 500,
      });
      const took = performance.now() - start;
      assert.equal(failure.code, 408, failure.text);
      assert.ok(took < 3_000, `it took ${took} ms`);
      await eventually(() => server.ended.has('Echo.Slow'), { timeoutMs: 3_000 });
      assert.notEqual(server.ended.get('Echo.Slow'), '');
    },
  },
  { name: 'a request without a byte', run: emptyBody },
  { name: 'a text of 1 byte there and back', run: (meeting) => echo(meeting, 1) },
  { name: 'a text of 64 KiB there and back', run: (meeting) => echo(meeting, 64 * 1024) },
  {
    name: 'the largest text that the transport carries: 4 MiB; gRPC 3 MiB, NATS 512 KiB',
    run: (meeting) => echo(meeting, largest[meeting.lane.stack.transport] ?? 4 * 1024 * 1024),
  },
  { name: '1,000 calls, one after the other', run: (meeting) => greet(meeting, 1_000, 1) },
  { name: '1,024 calls, 64 in flight', run: (meeting) => greet(meeting, 1_024, 64) },
  {
    name: 'a kept connection that has rested for 6 s serves the next call',
    async run(meeting) {
      await greet(meeting, 1, 1);
      await pause(6_000); // longer than node:http keeps idle connections, which Go clients do not forgive
      await greet(meeting, 1, 1);
    },
  },
];

async function emptyBody(meeting: Meeting): Promise<void> {
  const { caller, service } = await pairOf(meeting);
  assert.deepEqual(await caller.ask('empty', { service, endpoint: 'Echo.Text' }), { text: '' });
}

async function metadata(meeting: Meeting, sent: Readonly<Record<string, string>>): Promise<void> {
  const { caller, service } = await pairOf(meeting);
  const args = { service, endpoint: 'Echo.Headers', body: {}, metadata: sent };
  const { headers } = (await caller.ask('call', args)) as { headers: Record<string, string> };
  for (const [key, value] of Object.entries(sent)) assert.equal(headers[key.toLowerCase()], value);
}

async function echo(meeting: Meeting, size: number): Promise<void> {
  const { caller, service } = await pairOf(meeting);
  assert.deepEqual(await caller.ask('echo', { service, size }), { same: true });
}

async function greet(meeting: Meeting, times: number, parallel: number): Promise<void> {
  const { caller, service } = await pairOf(meeting);
  const { answered, wrong, failures } = await caller.ask('greet', { service, times, parallel });
  assert.deepEqual({ answered, wrong, failures }, { answered: times, wrong: 0, failures: {} });
}
