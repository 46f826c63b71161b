import { Server, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import type { Client } from '@micro/core';
import { mucpPath, readMucp, writeHeaders, writeMucp } from '../src/mucp-message.ts';
import { callEcho, Echo } from './interop/echo.ts';

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

type Header = ReadonlyMap<string, string>;
type Handle = (stream: Stream, header: Header, body: string) => void;

/** A stream as go-micro's server has it. */
class Stream {
  readonly seen: Header[] = [];
  cancelled = false;
  readonly stream: ServerDuplexStream<Buffer, Buffer>;

  constructor(stream: ServerDuplexStream<Buffer, Buffer>, handle: Handle) {
    this.stream = stream;
    stream.on('data', (message: Buffer) => {
      const { header, body } = readMucp(message);
      this.seen.push(header);
      handle(this, header, Buffer.from(body).toString());
    });
    stream.on('cancelled', () => {
      this.cancelled = true;
    });
    stream.on('error', () => undefined); // a client that has left
  }
  send(header: Header, body: string, ...more: string[]): void {
    const fields = ['Micro-ID', header.get('Micro-ID') ?? '', ...more];
    this.stream.write(writeMucp([writeHeaders(fields)], body, 1 << 23));
  }
}

interface Fake {
  readonly address: string;
  readonly streams: Stream[];
  readonly server: Server;
}

/** A server that has only go-micro's gRPC transport. */
async function fake(handle: Handle): Promise<Fake> {
  const server = new Server();
  const streams: Stream[] = [];
  const same = (message: Buffer): Buffer => message;
  server.register<Buffer, Buffer>(
    mucpPath,
    (stream: ServerDuplexStream<Buffer, Buffer>) => streams.push(new Stream(stream, handle)),
    same,
    same,
    'bidi',
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  ending.push(() => server.forceShutdown());
  return { address: `127.0.0.1:${port}`, streams, server };
}

const mucp = { transport: 'grpc', protocol: 'mucp' };

async function calling(address: string, metadata = mucp): Promise<Client<(typeof Echo)['endpoints']>> {
  const { client, close } = await callEcho(address, { connectTimeoutMs: 1000 }, metadata);
  ending.push(close);
  return client.of(Echo);
}

describe("a node of go-micro's gRPC transport", () => {
  test('is called in its words, and its streams are used again', async () => {
    const { address, streams } = await fake((stream, header, body) => stream.send(header, body));
    const api = await calling(address);
    for (let n = 0; n < 20; n++)
      expect(await api.say({ text: `ü${n}` }, { metadata: { 'X-Trace': 'größe' } })).toEqual({
        text: `ü${n}`,
      });
    expect(streams).toHaveLength(1);
    const [first] = streams[0]?.seen ?? [];
    expect(Object.fromEntries(first ?? [])).toMatchObject({
      'Content-Type': 'application/json',
      'Micro-Endpoint': 'Echo.Say',
      'Micro-Service': 'python',
      'Micro-From-Service': 'tests',
      Timeout: expect.stringMatching(/^[0-9]{9,11}$/),
    });
    await Promise.all(Array.from({ length: 200 }, (_, n) => api.say({ text: String(n) })));
    // of the streams of the burst some are kept
    await eventually(() => streams.filter(({ cancelled }) => !cancelled).length === 64);
    await Promise.all(Array.from({ length: 64 }, (_, n) => api.say({ text: String(n) })));
    expect(streams.length).toBeLessThanOrEqual(200);
  });

  test.each([
    [{}],
    [{ transport: 'grpc', protocol: 'grpc' }],
    [{ transport: 'http', protocol: 'mucp' }],
  ] as const)('is known by its metadata: %o is plain gRPC', async (metadata) => {
    const { address, streams } = await fake((stream, header, body) => stream.send(header, body));
    const { client, close } = await callEcho(address, {}, metadata);
    ending.push(close);
    await expect(client.of(Echo).say({ text: 'x' })).rejects.toMatchObject({ code: 'unimplemented' });
    expect(streams).toEqual([]);
  });

  test('gives its errors', async () => {
    const error = '{"id":"users","code":404,"detail":"user <42>","status":"Not Found"}';
    const { address } = await fake((stream, header) => stream.send(header, '', 'Micro-Error', error));
    const api = await calling(address);
    await expect(api.say({ text: 'x' })).rejects.toMatchObject({
      ...{ code: 'not_found', id: 'users', message: 'user <42>', delivered: 'yes' },
    });
  });

  test('that is not there fails calls as not delivered', async () => {
    const { address, server } = await fake(() => undefined);
    server.forceShutdown();
    const api = await calling(address);
    await expect(api.say({ text: 'x' })).rejects.toMatchObject({ code: 'unavailable', delivered: 'no' });
  });

  test('that is lost, or ends a stream, fails its calls, which may have been delivered; the next call has a new one', async () => {
    let mode = 'end';
    const { address, streams } = await fake((stream, header, body) => {
      if (mode === 'end') stream.stream.end();
      else if (mode === 'fail') stream.stream.emit('error', { code: status.INTERNAL, details: 'panic' });
      else if (mode === 'garbage') stream.stream.write(Buffer.from('no message'));
      else stream.send(header, body);
    });
    const api = await calling(address);
    for (const [next, code] of [
      ['end', 'unavailable'],
      ['fail', 'internal'],
      ['garbage', 'internal'],
    ] as const) {
      mode = next;
      await expect(api.say({ text: 'x' })).rejects.toMatchObject({ code, delivered: 'maybe' });
    }
    mode = 'echo';
    expect(await api.say({ text: 'x' })).toEqual({ text: 'x' });
    expect(streams).toHaveLength(4);
  });

  test('a stream that it has ended while nobody used it is not used again', async () => {
    const { address, streams } = await fake((stream, header, body) => stream.send(header, body));
    const failures: unknown[] = [];
    for (let turns = 0; turns < 20; turns++) {
      const { client, close } = await callEcho(address, {}, mucp);
      await client.of(Echo).say({ text: 'x' });
      streams.at(-1)?.stream.end();
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      const again = client.of(Echo).say({ text: 'x' });
      await again.catch((error: unknown) => failures.push(error));
      await close();
    }
    // as long as the end was on its way
    for (const failure of failures) expect(failure).toMatchObject({ code: 'unavailable' });
    expect(failures.length).toBeLessThan(20);
  });

  test('learns of a caller that leaves by the end of its stream', async () => {
    const { address, streams } = await fake(() => undefined);
    const api = await calling(address);
    const leaving = new AbortController();
    const call = api.hang({}, { signal: leaving.signal });
    await eventually(() => streams[0]?.seen.length === 1);
    leaving.abort();
    await expect(call).rejects.toMatchObject({ code: 'canceled' });
    await eventually(() => streams[0]?.cancelled);
  });

  test("go-micro's streams have one for themselves, which tells their end where both have ended", async () => {
    const { address, streams } = await fake((stream, header, body) => {
      if (header.get('Connection') === 'close') setImmediate(() => stream.stream.end());
      else if (stream.seen.length > 1) stream.send(header, body, 'Micro-Stream', '1');
    });
    const api = await calling(address);
    const words = async function* (): AsyncGenerator<{ text: string }> {
      yield { text: 'one' };
      yield { text: 'two' };
    };
    for (let round = 1; round <= 2; round++) {
      const answers: unknown[] = [];
      for await (const answer of api.chat(words())) answers.push(answer);
      expect(answers).toEqual([{ text: 'one' }, { text: 'two' }]);
      expect(streams).toHaveLength(round);
    }
  });

  test("a stream is not used again behind one of go-micro's", async () => {
    const { address, streams } = await fake((stream, header, body) => {
      if (header.get('Micro-Endpoint') === 'Echo.Say') stream.send(header, body);
      else if (stream.seen.length > 1) stream.send(header, '', 'Micro-Stream', '1', 'Micro-Error', 'EOS');
    });
    const api = await calling(address);
    for await (const _ of api.count({ to: 0 }));
    await api.say({ text: 'x' });
    expect(streams.map(({ seen }) => seen[0]?.get('Micro-Endpoint'))).toEqual(['Echo.Count', 'Echo.Say']);
    await eventually(() => streams[0]?.cancelled);
  });

  test('a stream that it ends before us is lost, not ended', async () => {
    const { address, streams } = await fake((stream, header, body) => {
      if (header.get('Micro-Endpoint') === 'Echo.Say') stream.send(header, body);
      else if (stream.seen.length > 1) {
        stream.send(header, body, 'Micro-Stream', '1');
        stream.stream.end();
      }
    });
    const api = await calling(address);
    let resolve = (): void => undefined;
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    const words = async function* (): AsyncGenerator<{ text: string }> {
      yield { text: 'one' };
      await promise;
    };
    const read = async (): Promise<void> => {
      for await (const _ of api.chat(words()));
    };
    await expect(read()).rejects.toMatchObject({ code: 'unavailable', delivered: 'maybe' });
    resolve();
    // nothing more is said to it: that would need another stream
    await api.say({ text: 'x' });
    expect(streams).toHaveLength(2);
  });
});
