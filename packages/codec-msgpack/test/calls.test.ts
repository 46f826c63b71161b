import { afterEach, describe, expect, test } from '@jest/globals';
import { contract, createClient, createService, memoryRegistry, rpc, stream, type } from '@micro/core';
import { httpTransport } from '@micro/transport-http';
import { msgpackCodec } from '../src/index.ts';

interface Reading {
  readonly at: Date;
  readonly count: bigint;
  readonly raw: Uint8Array;
}
const Meter = contract('meter', 'Meter', {
  latest: rpc({ request: type<{ back: number }>(), response: type<Reading>() }),
  all: rpc({ request: type<{ to: number }>(), response: stream(type<Reading>()) }),
});
const reading = (n: number): Reading => ({
  at: new Date(n),
  count: 2n ** 60n + BigInt(n),
  raw: Uint8Array.of(n),
});

describe('over HTTP', () => {
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  test('a server that has imported it answers its content type, beside JSON', async () => {
    const network = memoryRegistry({ network: 'codec-msgpack' });
    const service = createService({
      name: 'meter',
      registry: network,
      transport: httpTransport(),
      address: '127.0.0.1:0',
    });
    service.handle(Meter, {
      latest: ({ back }) => reading(back),
      async *all({ to }) {
        for (let n = 0; n < to; n++) yield reading(n);
      },
    });
    await service.start();
    open.push(() => service.stop());
    const client = createClient({ registry: network, transport: httpTransport(), codec: msgpackCodec() });
    open.push(() => client.close());
    const meter = client.of(Meter);
    expect(await meter.latest({ back: 7 })).toEqual(reading(7));
    const all: Reading[] = [];
    for await (const one of meter.all({ to: 3 })) all.push(one);
    expect(all).toEqual([reading(0), reading(1), reading(2)]);
    // A bigint has no JSON: the handler's reply is refused by the codec of that call, not of the service
    const json = createClient({ registry: network, transport: httpTransport() });
    open.push(() => json.close());
    await expect(json.of(Meter).latest({ back: 7 })).rejects.toMatchObject({ code: 'bad_request' });
  });
});
