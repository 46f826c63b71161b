import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Certificates, hasOpenssl, makeCertificates } from '@micro/conformance';
import type { TlsOptions } from '@micro/core';
import { grpcTransport } from '../src/index.ts';
import { callEcho, Echo, serveEcho } from './interop/echo.ts';
import { run } from './interop/process.ts';

const suite = hasOpenssl ? describe : describe.skip;
suite(hasOpenssl ? 'TLS' : 'TLS (skipped: there is no openssl)', () => {
  let made: Certificates;
  beforeAll(() => {
    made = makeCertificates();
  });
  const ending: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ending.splice(0).reverse()) await end();
  });

  /** What a client with these options gets of a server with those. */
  async function say(server: TlsOptions, client: TlsOptions | undefined): Promise<unknown> {
    const served = await serveEcho({ tls: server });
    ending.push(served.close);
    const calling = await callEcho(served.address, { tls: client });
    ending.push(calling.close);
    return calling.client.of(Echo).say({ text: 'x' }, { timeoutMs: 8_000 });
  }
  const refused = { code: 'unavailable', delivered: 'no' };

  test('carries calls to a server whose certificate is verified', async () => {
    expect(await say(made.server, { ca: made.authority.cert })).toEqual({ text: 'x' });
  });

  test('a certificate of nobody is refused, before anything is sent, and taken where that is asked for by name', async () => {
    await expect(say(made.stranger, { ca: made.authority.cert })).rejects.toMatchObject(refused);
    await expect(say(made.server, {})).rejects.toMatchObject(refused);
    expect(await say(made.stranger, { rejectUnauthorized: false })).toEqual({ text: 'x' });
  });

  test('a certificate of another name is refused, and the option serverName says which is meant', async () => {
    const client = { ca: made.authority.cert, serverName: 'another.example' };
    await expect(say(made.server, client)).rejects.toMatchObject(refused);
  });

  test('mutual TLS: a client without a certificate is refused, one with it is known to the handler', async () => {
    const { server, authority, caller, stranger } = made;
    const strict = { ...server, ca: authority.cert, requestClientCert: true };
    await expect(say(strict, { ca: authority.cert })).rejects.toMatchObject({ code: 'unavailable' });
    const foreign = { ca: authority.cert, ...stranger };
    await expect(say(strict, foreign)).rejects.toMatchObject({ code: 'unavailable' });

    const served = await serveEcho({ tls: strict });
    ending.push(served.close);
    const calling = await callEcho(served.address, { tls: { ca: authority.cert, ...caller } });
    ending.push(calling.close);
    const { text } = await calling.client.of(Echo).whoami({});
    expect(text).toBe('O=micro, CN=caller tests');
    // over go-micro's gRPC transport, too
    const mucp = { transport: 'grpc', protocol: 'mucp' };
    const other = await callEcho(served.address, { tls: { ca: authority.cert, ...caller } }, mucp);
    ending.push(other.close);
    expect(await other.client.of(Echo).whoami({})).toEqual({ text });
  });

  test('a server needs a certificate and its key', async () => {
    const transport = grpcTransport({ tls: { cert: made.server.cert } });
    const acceptor = { endpoints: [], route: fail, call: fail, stream: fail };
    await expect(transport.listen(acceptor, {})).rejects.toMatchObject({ code: 'bad_request' });
    await transport.close();
  });

  test('speaks HTTP/2 by ALPN', async () => {
    const served = await serveEcho({ tls: made.server });
    ending.push(served.close);
    const { text } = await run('openssl', ['s_client', '-connect', served.address, '-alpn', 'h2'], {
      input: '',
    });
    expect(text).toContain('ALPN protocol: h2');
  });
});

function fail(): never {
  throw new Error('nobody listens');
}
