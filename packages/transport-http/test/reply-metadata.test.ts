import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { contract, createClient, createService, type Metadata, rpc, type } from '@micro/core';
import { httpTransport } from '../src/index.ts';

const text = type<string>();
const Shop = contract('shop', 'Shop', { buy: rpc({ request: text, response: text }) });

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** What a caller is given by a server that answers with these headers. */
async function told(headers: (asked: IncomingHttpHeaders) => Record<string, string>): Promise<unknown> {
  const server = createServer((asked, answer) => {
    answer.writeHead(200, { ...headers(asked.headers), 'Content-Type': 'application/json' }).end('"ok"\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const transport = httpTransport();
  const client = createClient({ env: {}, transport });
  closing.push(
    () => server.close(),
    () => transport.close(),
    () => client.close(),
  );
  const seen: Record<string, Metadata> = {};
  const { port } = server.address() as AddressInfo;
  await client.of(Shop).buy('tea', {
    address: `127.0.0.1:${port}`,
    onHeader: (header) => {
      seen.header = { ...header };
    },
    onTrailer: (trailer) => {
      seen.trailer = { ...trailer };
    },
  });
  return seen;
}

describe('metadata of answers, as HTTP has it', () => {
  test('any server may send it in its headers, and a trailer with a prefix', async () => {
    expect(await told(() => ({ 'X-Cost': '1', 'Trailer-Took': '5', Date: 'now' }))).toMatchObject({
      header: { 'x-cost': '1', date: 'now' },
      trailer: { took: '5' },
    });
  });

  test("a Go server sends the request's headers back: they are none", async () => {
    expect(await told((asked) => ({ Accept: String(asked.accept), 'X-Tenant': 'a' }))).toEqual({});
  });

  test('is read by any client as headers, also of an error', async () => {
    const transport = httpTransport();
    const service = createService({ name: 'shop', env: {}, transport, address: '127.0.0.1:0', leaveMs: 0 });
    closing.push(
      () => transport.close(),
      () => service.stop(),
    );
    service.handle(Shop, {
      buy(item, { reply }) {
        reply.setHeader({ 'x-cost': 'größe' });
        reply.setTrailer({ took: '5' });
        if (item === 'crowd') {
          for (let key = 0; key < 64; key++) reply.setTrailer({ [`key-${key}`]: '' });
        }
        if (item === 'nothing') throw new Error('a bug');
        return item;
      },
    });
    await service.start();
    const ask = async (item: string): Promise<IncomingHttpHeaders> => {
      return await new Promise<IncomingHttpHeaders>((resolve, reject) => {
        const asking = request(`http://${service.address}/`, {
          method: 'POST',
          headers: {
            'Content-Type': 'application/json',
            'Micro-Endpoint': 'Shop.Buy',
            'Micro-Service': 'shop',
          },
        });
        asking.on('error', reject).on('response', (answer) => {
          answer.resume().on('end', () => resolve(answer.headers));
        });
        asking.end(JSON.stringify(item));
      });
    };
    for (const item of ['tea', 'nothing']) {
      const headers = await ask(item);
      expect(Buffer.from(String(headers['x-cost']), 'latin1').toString()).toBe('größe');
      expect(headers['trailer-took']).toBe('5');
      expect(headers['micro-error'] === undefined).toBe(item === 'tea');
    }
    // more than a peer of ours would read is an error of the call, and not of the connection
    expect((await ask('crowd'))['micro-error']).toContain('66 keys');
  });
});
