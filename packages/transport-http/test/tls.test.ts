import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Connection, noMetadata, type TlsOptions, type Transport } from '@micro/core';
import { httpTransport } from '../src/index.ts';
import { post, Raw } from './raw.ts';
import { dialable, failureOf, portOf, send, TestAcceptor, TestStream, target } from './world.ts';

interface Pair {
  readonly cert: string;
  readonly key: string;
}
const available = has('openssl');
let authority: Pair;
let server: Pair;
let caller: Pair;
let stranger: Pair;

function has(command: string): boolean {
  try {
    execFileSync(command, ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // not installed: the suite says so
  }
}
/** A certificate of that name; without an issuer it is its own. */
function certificate(folder: string, name: string, issuer?: string): Pair {
  const file = (end: string, of = name): string => join(folder, `${of}.${end}`);
  const openssl = (...args: string[]): unknown => execFileSync('openssl', args, { stdio: 'ignore' });
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file('key'));
  if (issuer === undefined) {
    openssl(
      'req',
      '-x509',
      '-new',
      '-key',
      file('key'),
      '-subj',
      `/CN=${name}`,
      '-days',
      '2',
      '-out',
      file('cert'),
    );
  } else {
    writeFileSync(file('ext'), 'subjectAltName=IP:127.0.0.1');
    openssl('req', '-new', '-key', file('key'), '-subj', `/O=micro/CN=${name}`, '-out', file('csr'));
    openssl(
      ...[
        'x509',
        '-req',
        '-in',
        file('csr'),
        '-CA',
        file('cert', issuer),
        '-CAkey',
        file('key', issuer),
        '-CAcreateserial',
      ],
      ...['-days', '2', '-extfile', file('ext'), '-out', file('cert')],
    );
  }
  return { cert: readFileSync(file('cert'), 'utf8'), key: readFileSync(file('key'), 'utf8') };
}

const suite = available ? describe : describe.skip;
suite(
  available ? 'over TLS' : 'over TLS (skipped: openssl, which makes the certificates, is not installed)',
  () => {
    beforeAll(() => {
      const folder = mkdtempSync(join(tmpdir(), 'micro-'));
      authority = certificate(folder, 'authority');
      server = certificate(folder, 'server', 'authority');
      caller = certificate(folder, 'caller', 'authority');
      stranger = certificate(folder, 'stranger');
      rmSync(folder, { recursive: true });
    });

    let ours: Transport[] = [];
    afterEach(async () => {
      await Promise.all(ours.map((transport) => transport.close()));
      ours = [];
    });
    function transport(tls: TlsOptions | undefined): Transport {
      const made = httpTransport({ frames: false, tls });
      ours.push(made);
      return made;
    }
    async function serve(
      tls: TlsOptions | undefined,
    ): Promise<{ acceptor: TestAcceptor; address: string; port: number }> {
      const acceptor = new TestAcceptor();
      const listener = await transport(tls).listen(acceptor, { address: '127.0.0.1:0' });
      return { acceptor, address: dialable(listener), port: portOf(listener) };
    }
    const dial = (address: string, tls: TlsOptions | undefined): Connection =>
      transport(tls).dial(address, { metadata: noMetadata });

    test('calls and streams work', async () => {
      const { acceptor, address } = await serve(server);
      const connection = dial(address, { ca: authority.cert });
      const long = `"${'ü'.repeat(200_000)}"`;
      expect(await send(connection, target('Test.echo'), long).result).toBe(long);
      acceptor.onStream = (served) => {
        served.onMessage = (body) => served.stream.sink.write(body);
        served.onEnd = () => served.stream.sink.end();
      };
      const stream = new TestStream('bidi', target('Test.bidi'));
      const sink = connection.open(stream);
      for (const item of ['1', '2', '3']) sink.write(item);
      sink.end();
      expect(await stream.result).toEqual(['1', '2', '3']);
      expect(acceptor.taken[0]?.call.peer.identity).toBeUndefined();
    });

    test('a server is verified, unless that is switched off by name', async () => {
      const { address } = await serve(server);
      for (const tls of [{}, { ca: stranger.cert }, { ca: authority.cert, serverName: 'other' }]) {
        const { error, delivered } = await failureOf(send(dial(address, tls), target('Test.echo'), '1'));
        expect(delivered).toBe('no');
        expect(error.message).toMatch(/certificate|does not match/);
      }
      expect(await send(dial(address, { rejectUnauthorized: false }), target('Test.echo'), '1').result).toBe(
        '1',
      );
    });

    test('a client is verified where that is asked for, and the handler learns who it is', async () => {
      const { acceptor, address } = await serve({ ...server, ca: [authority.cert], requestClientCert: true });
      expect(
        await send(dial(address, { ...caller, ca: authority.cert }), target('Test.echo'), '1').result,
      ).toBe('1');
      expect(acceptor.taken[0]?.call.peer.identity).toBe('O=micro, CN=caller');
      const nobody = await failureOf(send(dial(address, { ca: authority.cert }), target('Test.echo'), '1'));
      expect(nobody).toMatchObject({ delivered: 'no', error: { code: 'unavailable' } });
      // node:tls ends such a connection after the client has taken it for made, and does not say why
      const other = await failureOf(
        send(dial(address, { ca: authority.cert, ...stranger }), target('Test.echo'), '1'),
      );
      expect(other).toMatchObject({ delivered: 'maybe', error: { code: 'unavailable' } });
      expect(acceptor.taken).toHaveLength(1);
    });

    test('a plain client is told what is wrong', async () => {
      const { address } = await serve(server);
      const { error } = await failureOf(send(dial(address, undefined), target('Test.echo'), '1'));
      expect(error.code).toBe('unavailable');
      expect(error.message).toContain('a server that wants TLS does that');
    });

    test('a client that speaks TLS to a plain server is told what is wrong', async () => {
      const { acceptor, address, port } = await serve(undefined);
      const { error, delivered } = await failureOf(
        send(dial(address, { ca: authority.cert }), target('Test.echo'), '1'),
      );
      expect(delivered).toBe('no');
      expect(error.message).toContain('the peer does not speak TLS');
      const raw = await Raw.to(port);
      raw.send(post('1'));
      await raw.answers(1);
      expect(acceptor.taken).toHaveLength(1);
      raw.socket.destroy();
    });

    test('a server that closes does not wait for a handshake', async () => {
      const made = transport(server);
      const listener = await made.listen(new TestAcceptor(), { address: '127.0.0.1:0' });
      const raw = await Raw.to(portOf(listener));
      await listener.close();
      await raw.closed;
    });

    test('a server needs a certificate', async () => {
      await expect(transport({}).listen(new TestAcceptor(), {})).rejects.toMatchObject({
        code: 'bad_request',
      });
    });
  },
);
