import { expect, test } from '@jest/globals';
import { type Codec, createClient, definePlugin, jsonCodec, MicroError } from '../src/index.ts';
import { type UnaryRequest, unaryTransport } from '../src/plugin.ts';

declare module '../src/index.ts' {
  interface CodecPlugins {
    loud: object;
  }
}

/** JSON in capitals: another content type on the wire. */
function loudCodec(): Codec {
  return {
    ...jsonCodec(),
    name: 'loud',
    contentTypes: ['application/loud', 'application/very-loud'],
    bind: () => ({
      encode: (message) => JSON.stringify(message).toUpperCase(),
      decode: (body) => JSON.parse(String(body).toLowerCase()),
    }),
  };
}
definePlugin('codec', 'loud', { package: 'test', create: () => loudCodec() });

const seen: [string, string][] = [];
const transport = unaryTransport({
  name: 'echo',
  checkAddress: () => undefined,
  async call(_, { contentType, body }: UnaryRequest) {
    seen.push([contentType, Buffer.from(body).toString()]);
    return { body };
  },
  listen: () => Promise.reject(new MicroError('unimplemented', 'nobody listens')),
});

test('a call may have a content type of its own, and its reply is read in it', async () => {
  const client = createClient({ transport, codec: jsonCodec() });
  const call = (contentType?: string): Promise<unknown> =>
    client.call('echo', 'Echo.Echo', { a: 'b' }, { address: 'here', contentType });
  expect(await call()).toEqual({ a: 'b' });
  expect(await call('application/loud')).toEqual({ a: 'b' });
  expect(await call('application/very-loud')).toEqual({ a: 'b' });
  expect(await call('application/json')).toEqual({ a: 'b' });
  expect(seen).toEqual([
    ['application/json', '{"a":"b"}'],
    ['application/loud', '{"A":"B"}'],
    ['application/very-loud', '{"A":"B"}'],
    ['application/json', '{"a":"b"}'],
  ]);
  await expect(call('application/x-none')).rejects.toMatchObject({
    code: 'bad_request',
    message: expect.stringContaining('application/x-none" is not spoken here (have: application/loud'),
  });
  await expect(call('')).rejects.toMatchObject({ code: 'bad_request' });
  await client.close();
});
