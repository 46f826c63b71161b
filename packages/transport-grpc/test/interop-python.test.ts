import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from '@micro/core';
import { describePeer } from '../../../scripts/backends/jest.mjs';
import { statusError } from '../src/status.ts';
import { callEcho, Echo, serveEcho } from './interop/echo.ts';
import { type Running, run, start } from './interop/process.ts';

const script = (name: string): string => fileURLToPath(new URL(`python/${name}.py`, import.meta.url));

await describePeer('grpc-python', ({ python, modules }) => {
  const env = { PYTHONPATH: modules, PYTHONDONTWRITEBYTECODE: '1' };

  test('a client in Python calls our service: all kinds, errors, limits, health and reflection', async () => {
    const served = await serveEcho();
    const { status, text } = await run(python, [script('client'), String(served.port)], { env });
    await served.close();
    expect({ status, text }).toMatchObject({ status: 0 });
    const seen: Record<string, unknown> = JSON.parse(text.slice(text.indexOf('{')));
    expect(seen).toMatchObject({
      unary: '{"text":"grüße"}',
      'any package': '{"text":"x"}',
      gzip: 5000,
      'server stream': ['{"n":0}', '{"n":1}', '{"n":2}'],
      'client stream': '{"total":3}',
      bidi: ['{"text":"re: a"}', '{"text":"re: b"}'],
      error: ['NOT_FOUND', 'no such thing ñ', expect.any(String)],
      'wrong bytes': ['INVALID_ARGUMENT', 'the bytes are no JSON', expect.any(String)],
      unknown: ['UNIMPLEMENTED', expect.any(String), expect.any(String)],
      deadline: 'DEADLINE_EXCEEDED',
      'too large': 'RESOURCE_EXHAUSTED',
      cancelled: true,
      health: [1, 1, 1],
      'health of nobody': 'NOT_FOUND',
      'watch of nobody': 3,
      services: ['Echo', 'grpc.health.v1.Health', expect.any(String), expect.any(String)],
      files: 1,
      'no such symbol': 5,
    });
    const metadata: unknown = JSON.parse(JSON.parse(String(seen.metadata)).text);
    expect(metadata).toEqual({ tenant: 'acme', 'blob-bin': 'AP8' });
    const [, message, details] = seen.error as [string, string, string];
    const error = statusError(5, message, Buffer.from(details, 'base64'));
    expect([error.code, error.id, error.status, error.message]).toEqual(['not_found', 'echo', 404, message]);
  }, 60_000);

  describe('our client and a server in Python', () => {
    let peer: Running;
    let calling: Awaited<ReturnType<typeof callEcho>>;
    let api: Client<(typeof Echo)['endpoints']>;
    beforeAll(async () => {
      peer = await start(python, (port) => [script('server'), String(port)], env);
      calling = await callEcho(`127.0.0.1:${peer.port}`);
      api = calling.client.of(Echo);
    }, 60_000);
    afterAll(async () => {
      await calling.close();
      await peer.stop();
    });

    test('unary calls, also many at once', async () => {
      const texts = Array.from({ length: 50 }, (_, index) => `größe ${index}`);
      const replies = await Promise.all(texts.map((text) => api.say({ text })));
      expect(replies.map(({ text }) => text)).toEqual(texts);
    });

    test('streams of all kinds', async () => {
      const numbers = async function* (): AsyncGenerator<{ n: number }> {
        for (let n = 0; n < 20; n++) yield { n };
      };
      const texts = async function* (): AsyncGenerator<{ text: string }> {
        for (let n = 0; n < 20; n++) yield { text: `${n}` };
      };
      let counted = 0;
      for await (const _ of api.count({ to: 3 })) counted++;
      expect(counted).toBe(3);
      expect(await api.sum(numbers())).toEqual({ total: 20 });
      let said = 0;
      for await (const { text } of api.chat(texts())) expect(text).toBe(`${said++}`);
      expect(said).toBe(20);
    });

    test('metadata, with the name of the caller', async () => {
      const { text } = await api.metadata({}, { metadata: { tenant: 'acme', 'blob-bin': 'AP8=' } });
      expect(text).toContain("tenant='acme'");
      expect(text).toContain("blob-bin=b'\\x00\\xff'");
      expect(text).toContain("micro-from-service='tests'");
    });

    test('a status is an error of ours, delivered, with its text', async () => {
      const wanted = { code: 'forbidden', message: 'not for {"text":"ñ"}', delivered: 'yes' };
      await expect(api.fail({ text: 'ñ' })).rejects.toMatchObject(wanted);
    });

    test('a status after messages comes after them', async () => {
      const nothing = (async function* () {})();
      const seen: number[] = [];
      const reading = (async () => {
        for await (const { n } of api.late(nothing)) seen.push(n);
      })();
      await expect(reading).rejects.toMatchObject({ code: 'conflict', message: 'half way' });
      expect(seen).toEqual([1]);
    });

    test('a deadline ends the call', async () => {
      await expect(api.hang({}, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' });
    });
  });
});
