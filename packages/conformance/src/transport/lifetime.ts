import assert from 'node:assert/strict';
import { isMicroError } from '@micro/core';
import { aborted, rejects } from '../expectations.ts';
import { clientOf, dial, textOf } from './client.ts';
import type { TransportCase } from './harness.ts';
import { type ServedCall, serve } from './server.ts';

/** Draining, closing, destroying, losing. */
export const lifetimeCases: readonly TransportCase[] = [
  {
    name: 'a listener that drains tells its peers, finishes what is under way, and answers stragglers with delivered no',
    needs: ['goaway'],
    async run(scope) {
      const waiting: ServedCall[] = [];
      const server = await serve(scope, { call: (served) => waiting.push(served) });
      const client = await dial(scope, server.address);
      const under = client.send('under way');
      await scope.eventually(() => waiting.length === 1);
      server.refuse();
      server.listener.drain();
      await scope.eventually(
        () => client.connection.state === 'leaving' || client.connection.state === 'idle',
      );
      assert.equal((await client.fails(client.send('straggler').outcome, 'unavailable')).delivered, 'no');
      waiting[0]?.incoming.reply('finished');
      assert.equal(textOf((await scope.within(under.outcome, 'the reply')).body), 'finished');
    },
  },
  {
    name: 'what was answered before the listener closes still arrives',
    async run(scope) {
      const waiting: ServedCall[] = [];
      const server = await serve(scope, { call: (served) => waiting.push(served) });
      const client = await dial(scope, server.address);
      const calls = Array.from({ length: 20 }, (_, index) =>
        client.send(`call ${index} ${'x'.repeat(20_000)}`),
      );
      await scope.eventually(() => waiting.length === 20);
      for (const { incoming } of waiting) incoming.reply(incoming.body);
      await server.listener.close();
      for (const { outcome, body } of calls)
        assert.equal((await scope.within(outcome, 'the reply')).body, body);
    },
  },
  {
    name: 'a listener that closes cancels the work that is left, whose callers learn unavailable, and not delivered no',
    async run(scope) {
      const server = await serve(scope, { call: () => {} });
      const client = await dial(scope, server.address);
      const call = client.send('x');
      await scope.eventually(() => server.calls.length === 1);
      await scope.within(Promise.all([server.listener.close(), server.listener.close()]), 'close()');
      await scope.eventually(() => server.calls[0]?.cancelled === true);
      assert.equal((await client.fails(call.outcome, 'unavailable')).delivered, 'maybe');
      assert.equal((await client.fails(client.send('y').outcome, 'unavailable')).delivered, 'no');
    },
  },
  {
    name: 'a connection comes back by itself when its peer does',
    async run(scope) {
      const server = await serve(scope);
      const client = await dial(scope, server.address);
      await client.call('before');
      await server.listener.close({ signal: aborted() });
      await client.fails(client.send('between').outcome, 'unavailable');
      await serve(scope, {}, { address: server.address });
      await scope.eventually(async () => assert.equal(textOf(await client.call('after')), 'after'));
    },
  },
  {
    name: 'dialling is free: a connection is idle until its first call, and ready after it',
    async run(scope) {
      const server = await serve(scope);
      const client = await dial(scope, server.address);
      assert.equal(client.connection.address, server.address);
      assert.equal(client.connection.state, 'idle');
      await client.call('x');
      assert.equal(client.connection.state, 'ready');
    },
  },
  {
    name: 'a connection that closes takes no more calls, and waits for those under way',
    async run(scope) {
      const waiting: ServedCall[] = [];
      const server = await serve(scope, { call: (served) => waiting.push(served) });
      const client = await dial(scope, server.address);
      const under = client.send('under way');
      await scope.eventually(() => waiting.length === 1);
      let closed = false;
      const closing = Promise.all([client.connection.close(), client.connection.close()]).then(() => {
        closed = true;
      });
      assert.equal((await client.fails(client.send('late').outcome, 'unavailable')).delivered, 'no');
      assert.equal(closed, false, 'close() did not wait');
      waiting[0]?.incoming.reply('finished');
      assert.equal(textOf((await scope.within(under.outcome, 'the reply')).body), 'finished');
      await scope.within(closing, 'close()');
      assert.equal(client.connection.state, 'closed');
    },
  },
  {
    name: 'a connection that is destroyed fails what is under way with unavailable, and not as delivered no',
    async run(scope) {
      const server = await serve(scope, { call: () => {} });
      const client = await dial(scope, server.address);
      const call = client.send('x');
      await scope.eventually(() => server.calls.length === 1);
      client.connection.destroy();
      client.connection.destroy();
      assert.equal((await client.fails(call.outcome, 'unavailable')).delivered, 'maybe');
      assert.equal(client.connection.state, 'closed');
      assert.equal((await client.fails(client.send('y').outcome, 'unavailable')).delivered, 'no');
      await scope.within(client.connection.close(), 'close() after destroy()');
    },
  },
  {
    name: 'an address that is taken is refused with unavailable, and its owner is not disturbed',
    async run(scope) {
      const server = await serve(scope);
      await rejects(serve(scope, {}, { address: server.address }), 'unavailable');
      assert.equal(textOf(await (await dial(scope, server.address)).call('well')), 'well');
    },
  },
  {
    name: 'listeners of one transport are reached at their own addresses, and close apart',
    async run(scope) {
      const one = await serve(scope, { call: ({ incoming }) => incoming.reply('one') });
      const two = await serve(scope, { call: ({ incoming }) => incoming.reply('two') });
      assert.notEqual(one.address, two.address);
      const { transport, ...client } = await dial(scope, one.address);
      const other = clientOf(scope, transport, transport.dial(two.address, { metadata: {} }));
      assert.equal(textOf(await client.call('x')), 'one');
      await one.listener.close();
      assert.equal(textOf(await other.call('x')), 'two');
    },
  },
  {
    name: 'listening is refused with canceled when the signal has aborted',
    async run(scope) {
      await rejects(serve(scope, {}, { signal: aborted() }), 'canceled');
    },
  },
  {
    name: 'may be closed twice, and before it was used',
    async run({ create }) {
      const transport = await create();
      await Promise.all([transport.close(), transport.close()]);
      await transport.close();
    },
  },
  {
    name: 'close destroys its listeners and connections, and afterwards all is unavailable',
    async run(scope) {
      const server = await serve(scope, { call: () => {} });
      const client = await dial(scope, server.address);
      const call = client.send('x');
      await scope.eventually(() => server.calls.length === 1);
      await scope.within(server.transport.close(), 'close()');
      await client.fails(call.outcome, 'unavailable');
      await scope.eventually(() => server.calls[0]?.cancelled === true);
      await client.transport.close();
      assert.equal((await client.fails(client.send('y').outcome, 'unavailable')).delivered, 'no');
      const acceptor = { endpoints: [], route: assert.fail, call: assert.fail, stream: assert.fail };
      await rejects(server.transport.listen(acceptor, {}), 'unavailable');
      try {
        const late = clientOf(
          scope,
          server.transport,
          server.transport.dial(server.address, { metadata: {} }),
        );
        assert.equal((await late.fails(late.send('z').outcome, 'unavailable')).delivered, 'no');
      } catch (error) {
        if (!isMicroError(error, 'unavailable')) throw error; // dial may refuse at once
      }
    },
  },
];
