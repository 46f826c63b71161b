import assert from 'node:assert/strict';
import net from 'node:net';
import { type Code, type Metadata, MicroError, statusOf } from '@micro/core';
import { within } from '../eventually.ts';
import { entries, throws } from '../expectations.ts';
import { dial, textOf } from './client.ts';
import type { TransportCase, TransportScope } from './harness.ts';
import { type ServedCall, serve } from './server.ts';

const codes = Object.entries(statusOf).map(([code, status]) => [code as Code, status] as const);

/** An address at which nobody listens, of a listener that was there. */
export async function deserted(scope: TransportScope): Promise<string> {
  const { address, listener } = await serve(scope);
  await listener.close();
  return address;
}

/** Text in header lines that would end the line, or the header, or forge another one. */
export const nasty: readonly Metadata[] = [
  { key: 'value\r\nmicro-endpoint: Test.Evil' },
  { key: 'value\nx: y' },
  { key: ' spaces around ' },
  { key: 'nul\u0000' },
  { 'key with spaces': 'value' },
  { 'key:colon': 'value' },
  { 'key\r\nevil': 'value' },
  { größe: 'value' },
  { '': 'empty key' },
];
/** What protocols call their own things. */
export const reserved: Metadata = {
  'content-length': '1',
  'transfer-encoding': 'chunked',
  'content-type': 'text/evil',
  connection: 'close',
  host: 'evil',
  timeout: '1',
  'grpc-timeout': '1n',
  ':path': '/evil',
  'micro-service': 'evil',
  'micro-endpoint': 'Test.Evil',
  'micro-method': 'Test.Evil',
  'micro-error': '{"code":500}',
  'micro-id': '666',
};

/** Calls that fail, and what is known then. */
export const failureCases: readonly TransportCase[] = [
  {
    name: 'carries an error of the handler: code, id, status and message, delivered yes',
    async run(scope) {
      const failures = codes.map(
        ([code, status]) => new MicroError(code, `${code}: größe "日本"`, { id: `id.${status}` }),
      );
      failures.push(new MicroError('bad_request', '', { id: 'teapot', status: 418 }));
      failures.push(new MicroError('internal', 'x'.repeat(1000), { id: '', status: 599 }));
      failures.push(
        new MicroError('not_found', 'line one\r\nline two\n\nx: y', {
          id: 'a: b',
          cause: new Error('secret'),
        }),
      );
      const server = await serve(scope, {
        call: ({ incoming }) =>
          incoming.fail(failures[Number(textOf(incoming.body))] ?? new MicroError('internal', '?'), 'yes'),
      });
      const client = await dial(scope, server.address);
      for (const [index, wanted] of failures.entries()) {
        const { error, delivered } = await client.fails(client.send(String(index)).outcome, wanted.code);
        assert.deepEqual([error.id, error.status, error.message], [wanted.id, wanted.status, wanted.message]);
        assert.equal(delivered, 'yes');
        if (client.transport.carries === 'bytes')
          assert.equal(error.cause, undefined, 'the cause has travelled');
      }
      assert.equal(client.connection.state, 'ready', 'errors of handlers are no trouble of the connection');
    },
  },
  {
    name: 'carries a refusal before the handler as delivered no, whatever its code',
    async run(scope) {
      const server = await serve(scope, {
        call: ({ incoming }) => {
          const code = textOf(incoming.body) as Code;
          incoming.fail(new MicroError(code, 'refused'), 'no');
        },
      });
      const client = await dial(scope, server.address);
      for (const code of ['unavailable', 'overloaded', 'internal'] as const) {
        const { delivered } = await client.fails(client.send(code).outcome, code);
        assert.equal(delivered, 'no', code);
      }
    },
  },
  {
    name: 'an error with the code unavailable from a handler is still delivered yes',
    async run(scope) {
      const server = await serve(scope, {
        call: ({ incoming }) => incoming.fail(new MicroError('unavailable', 'a database is down'), 'yes'),
      });
      const client = await dial(scope, server.address);
      const { delivered } = await client.fails(client.send('x').outcome, 'unavailable');
      assert.equal(delivered, 'yes');
    },
  },
  {
    name: 'where nobody listens a call fails with unavailable, delivered no, and works when somebody does',
    async run(scope) {
      const address = await deserted(scope);
      const client = await dial(scope, address);
      const calls = [client.send('a'), client.send('b')];
      for (const { outcome } of calls)
        assert.equal((await client.fails(outcome, 'unavailable')).delivered, 'no');
      await serve(scope, {}, { address });
      await scope.eventually(async () => assert.equal(textOf(await client.call('c')), 'c'));
    },
  },
  {
    name: 'an address that cannot be read is refused by dial with bad_request',
    asks: ['badAddress'],
    async run(scope) {
      const transport = await scope.create();
      throws(() => transport.dial(scope.harness.badAddress ?? '', { metadata: {} }), 'bad_request');
    },
  },
  {
    name: 'metadata that the protocol cannot spell arrives as it is or is refused, and never as something else',
    async run(scope) {
      const server = await serve(scope);
      const client = await dial(scope, server.address);
      for (const metadata of [
        ...nasty,
        ...Object.entries(reserved).map(([key, value]) => ({ [key]: value })),
      ]) {
        const before = server.calls.length;
        const { body, error, delivered } = await scope.within(
          client.send('body', { metadata }).outcome,
          'an answer',
        );
        const what = JSON.stringify(metadata);
        if (error !== undefined) {
          assert.equal(error.code, 'bad_request', `${what}: ${error.message}`);
          assert.equal(delivered, 'no', what);
          assert.equal(server.calls.length, before, `${what} was refused, and yet it came`);
          continue;
        }
        const served = server.calls[before];
        assert.equal(textOf(body), 'body', what);
        assert.equal(served?.endpoint, 'Test.Unary', what);
        assert.deepEqual(entries(served.incoming.metadata), entries(metadata), what);
      }
      assert.equal(textOf(await client.call('still well')), 'still well');
    },
  },
  {
    name: 'a call that was cancelled is told nothing more, and its late reply goes to nobody else',
    async run(scope) {
      const waiting: ServedCall[] = [];
      const server = await serve(scope, {
        call(served) {
          if (textOf(served.incoming.body) === 'slow') waiting.push(served);
          else served.incoming.reply(served.incoming.body);
        },
      });
      const client = await dial(scope, server.address);
      for (let round = 1; round <= 3; round++) {
        const slow = client.send('slow');
        await scope.eventually(() => waiting.length === round);
        slow.cancelled = true;
        client.connection.cancel(slow);
        const next = client.send('next');
        const late = waiting[round - 1];
        if (late?.cancelled === false) late.incoming.reply('late');
        assert.equal(textOf((await scope.within(next.outcome, 'the next reply')).body), 'next');
      }
    },
  },
  {
    name: 'cancel reaches the handler',
    needs: ['cancel'],
    async run(scope) {
      const server = await serve(scope, { call: () => {} });
      const client = await dial(scope, server.address);
      const [one, two] = [client.send('one'), client.send('two')];
      await scope.eventually(() => server.calls.length === 2);
      one.cancelled = true;
      client.connection.cancel(one);
      const of = (text: string): ServedCall | undefined =>
        server.calls.find(({ incoming }) => textOf(incoming.body) === text);
      await scope.eventually(() => of('one')?.cancelled === true);
      assert.equal(of('two')?.cancelled, false, 'the other call was cancelled too');
      of('two')?.incoming.reply('well');
      assert.equal(textOf((await two.outcome).body), 'well');
    },
  },
  {
    name: 'a client that vanishes cancels its work',
    needs: ['cancel'],
    async run(scope) {
      const server = await serve(scope, { call: () => {} });
      const client = await dial(scope, server.address);
      const call = client.send('x');
      await scope.eventually(() => server.calls.length === 1);
      await client.transport.close();
      await client.fails(call.outcome, 'unavailable');
      await scope.eventually(() => server.calls[0]?.cancelled === true);
    },
  },
  {
    name: 'garbage on a listening socket ends that connection and disturbs no other',
    asks: ['sockets'],
    async run(scope) {
      const server = await serve(scope);
      const client = await dial(scope, server.address);
      await client.call('before');
      const [host = '', port] = splitAddress(server.address);
      const garbage = [
        Buffer.alloc(0),
        Buffer.from('\r\n\r\n\r\n'),
        Buffer.from('GET / HTTP/9.9\r\nContent-Length: 99999999999999999999\r\n\r\n'),
        Buffer.alloc(65_536, 0xff),
        Buffer.alloc(65_536, 0x00),
        Buffer.from(Array.from({ length: 65_536 }, (_, index) => Math.imul(index, 2654435761) >>> 24)),
      ];
      for (const bytes of garbage) {
        const socket = net.connect({ host, port });
        scope.defer(() => socket.destroy());
        const closed = new Promise<void>((resolve) => {
          socket.on('close', () => resolve());
          socket.on('error', () => resolve()); // a reset is as good an answer as an end
        });
        socket.resume();
        socket.end(bytes);
        await within(
          closed,
          20_000,
          `the end of a connection that has sent ${bytes.length} bytes of garbage`,
        );
      }
      assert.equal(textOf(await client.call('after')), 'after');
    },
  },
  {
    name: 'a peer that talks garbage, or leaves at once, fails the call, and never as delivered yes',
    asks: ['sockets'],
    async run(scope) {
      for (const answer of [
        Buffer.alloc(0),
        Buffer.from('HTTP/1.1 garbage\r\n\r\n'),
        Buffer.alloc(70_000, 0xff),
      ]) {
        const peer = net.createServer((socket) => {
          socket.on('error', () => socket.destroy()); // the client may well reset what it cannot read
          socket.resume();
          socket.end(answer);
        });
        await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
        scope.defer(() => peer.close());
        const at = peer.address();
        if (at === null || typeof at === 'string') assert.fail('the peer has no port');
        const client = await dial(scope, `127.0.0.1:${at.port}`);
        const { error, delivered } = await within(client.send('x').outcome, 20_000, 'the failure');
        assert.ok(error !== undefined, 'garbage was taken for a reply');
        assert.notEqual(delivered, 'yes');
        client.connection.destroy();
      }
    },
  },
];

function splitAddress(address: string): readonly [host: string, port: number] {
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon).replace(/^\[|\]$/g, ''), Number(address.slice(colon + 1))];
}
