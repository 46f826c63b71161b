import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Certificates, eventually, hasOpenssl, makeCertificates } from '@micro/conformance';
import {
  contract,
  createClient,
  createService,
  isMicroError,
  memoryRegistry,
  rpc,
  stream,
  type TlsOptions,
  type Transport,
  type,
} from '@micro/core';
import { tcpTransport } from '../src/index.ts';

const Greeter = contract('greeter', 'Greeter', {
  hello: rpc({ request: type<{ name: string }>(), response: type<{ msg: string; caller: string }>() }),
  count: rpc({ request: type<{ to: number }>(), response: stream(type<{ n: number }>()) }),
});
type Hello = (name: string) => Promise<{ readonly msg: string; readonly caller: string }>;

let undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.reverse()) await step();
  undo = [];
});
function transport(tls: TlsOptions | undefined): Transport {
  return tcpTransport({ tls, handshakeTimeoutMs: 2_000 });
}
const around = { broker: 'memory', registry: 'memory', argv: [], env: {} } as const;

async function serve(tls: TlsOptions | undefined): Promise<string> {
  const service = createService({
    ...around,
    ...{ name: 'greeter', transport: transport(tls), address: '127.0.0.1:0', drainMs: 500 },
  });
  service.handle(Greeter, {
    hello: ({ name }, { caller }) => ({ msg: `Hello ${name}`, caller: caller.identity ?? '' }),
    async *count({ to }) {
      for (let n = 0; n < to; n++) yield { n };
    },
  });
  await service.start();
  undo.push(() => service.stop());
  return service.address ?? '';
}

function dial(
  address: string,
  tls: TlsOptions | undefined,
): { hello: Hello; count(to: number): Promise<number> } {
  const registry = memoryRegistry({ network: address });
  const client = createClient({ ...around, registry, transport: transport(tls) });
  undo.push(() => client.close());
  const api = client.of(Greeter);
  return {
    hello: (name) => api.hello({ name }, { address, timeoutMs: 5_000 }),
    async count(to) {
      let sum = 0;
      for await (const { n } of api.count({ to }, { address })) sum += n;
      return sum;
    },
  };
}

async function failure(
  promise: Promise<unknown>,
): Promise<{ message: string; delivered: string | undefined }> {
  const error: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!isMicroError(error, 'unavailable')) throw new Error(`no failure with unavailable: ${error}`);
  return { message: error.message, delivered: error.delivered };
}

const suite = hasOpenssl ? describe : describe.skip;
suite(
  hasOpenssl ? 'over TLS' : 'over TLS (skipped: openssl, which makes certificates, is not installed)',
  () => {
    let made: Certificates | undefined;
    const certificates = (): Certificates => {
      made ??= makeCertificates();
      return made;
    };

    test('calls, long ones and streams work', async () => {
      const address = await serve(certificates().server);
      const { hello, count } = dial(address, { ca: certificates().authority.cert });
      const name = 'ü'.repeat(300_000);
      const replies = await Promise.all(Array.from({ length: 50 }, (_, index) => hello(`${index}`)));
      expect(replies.map(({ msg }) => msg)).toEqual(replies.map((_, index) => `Hello ${index}`));
      expect((await hello(name)).msg).toBe(`Hello ${name}`);
      expect(await count(5_000)).toBe(12_497_500);
    });

    test('a server is verified, unless that is switched off by name', async () => {
      const { authority, server, stranger } = certificates();
      const address = await serve(server);
      for (const tls of [{}, { ca: stranger.cert }, { ca: authority.cert, serverName: 'other' }]) {
        const { message, delivered } = await failure(dial(address, tls).hello('Ada'));
        expect(message).toMatch(/certificate|does not match/);
        expect(delivered).toBe('no');
      }
      expect((await dial(address, { rejectUnauthorized: false }).hello('Ada')).msg).toBe('Hello Ada');
    });

    test('a client is verified where that is asked for, and the handler learns who it is', async () => {
      const { authority, server, caller, stranger } = certificates();
      const address = await serve({ ...server, ca: authority.cert, requestClientCert: true });
      const ca = authority.cert;
      expect((await dial(address, { ...caller, ca }).hello('Ada')).caller).toBe('O=micro, CN=caller');
      // the greeting comes after the handshake: nothing was sent yet
      expect((await failure(dial(address, { ca }).hello('Ada'))).delivered).toBe('no');
      expect((await failure(dial(address, { ca, ...stranger }).hello('Ada'))).delivered).toBe('no');
    });

    test('the protocol is named in the handshake, and a client of another is refused there', async () => {
      const address = await serve(certificates().server);
      const port = Number(address.split(':')[1]);
      const options = { port, host: '127.0.0.1', rejectUnauthorized: false };
      const ours = connectTls({ ...options, ALPNProtocols: ['http/1.1', 'micro-frames/1'] });
      await once(ours, 'secureConnect');
      expect(ours.alpnProtocol).toBe('micro-frames/1');
      ours.destroy();
      const other = connectTls({ ...options, ALPNProtocols: ['http/1.1'] });
      const [error] = await once(other, 'error');
      expect(String(error)).toMatch(/no application protocol|reset/i);
    });

    test('both sides are told what is wrong when only one speaks TLS', async () => {
      const secure = await serve(certificates().server);
      const plain = await serve(undefined);
      expect((await failure(dial(secure, undefined).hello('Ada'))).message).toContain('wants TLS');
      const speaksTls = dial(plain, { ca: certificates().authority.cert });
      expect((await failure(speaksTls.hello('Ada'))).message).toMatch(
        /does not speak TLS|closed|disconnected/,
      );
      expect((await dial(plain, undefined).hello('Ada')).msg).toBe('Hello Ada');
    });

    test('half a handshake is cut off in time', async () => {
      const address = await serve(certificates().server);
      const socket = connect({ port: Number(address.split(':')[1]), host: '127.0.0.1' });
      socket.on('error', () => undefined); // 'close' follows
      await once(socket, 'connect');
      socket.write(Buffer.of(0x16, 3, 1));
      socket.resume();
      await eventually(() => socket.closed);
    });

    test('a server needs a certificate', async () => {
      const acceptor = { endpoints: [] } as never;
      await expect(transport({}).listen(acceptor, {})).rejects.toMatchObject({ code: 'bad_request' });
    });
  },
);
