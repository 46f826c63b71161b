import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Broker, onBackground, type TlsOptions } from '@micro/core';
import { brokerOf, inbox, message, network, subscribing } from './world.ts';

const available = ((): boolean => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // not installed: the suite says so
  }
})();

let pair: { readonly cert: string; readonly key: string };
const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function broker(of: string, tls: TlsOptions | undefined): Broker {
  const made = brokerOf(of, { tls });
  open.push(() => made.service.stop());
  return made.broker;
}

const suite = available ? describe : describe.skip;
suite(
  available ? 'over TLS' : 'over TLS (skipped: openssl, which makes the certificate, is not installed)',
  () => {
    beforeAll(() => {
      const folder = mkdtempSync(join(tmpdir(), 'micro-'));
      const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
      const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
      const names = ['-subj', '/CN=subscriber', '-addext', 'subjectAltName=IP:127.0.0.1'];
      const files = ['-keyout', key, '-out', cert];
      execFileSync('openssl', ['req', '-x509', '-days', '2', ...curve, ...names, ...files], {
        stdio: 'ignore',
      });
      pair = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
      rmSync(folder, { recursive: true });
    });

    test('events arrive, on kept connections too, and the registration says secure', async () => {
      const of = network();
      const made = brokerOf(of, { tls: pair });
      open.push(() => made.service.stop());
      const box = inbox();
      await made.broker.subscribe('t', box.deliver, subscribing({ queue: 'queue' }));
      const [record] = await made.service.plugin('registry').getService('micro.http.broker');
      expect(record?.nodes[0]?.metadata.secure).toBe('true');
      const publisher = broker(of, { ca: pair.cert });
      for (const text of ['one', 'two', 'three']) await publisher.publish('t', [message(text)]);
      expect(box.texts).toEqual(['one', 'two', 'three']);
    });

    test('a certificate that nobody vouches for is refused, and nothing is sent', async () => {
      const of = network();
      const box = inbox();
      await broker(of, pair).subscribe('t', box.deliver, subscribing({ queue: 'queue' }));
      await expect(broker(of, undefined).publish('t', [message('x')])).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(/self-signed certificate/),
      });
      expect(box.texts).toEqual([]);
    });

    test('a publisher that was told to use TLS sends nothing in the clear', async () => {
      const of = network();
      const box = inbox();
      const plain = broker(of, undefined);
      await plain.subscribe('t', box.deliver, subscribing());
      await plain.subscribe('t', box.deliver, subscribing({ queue: 'queue' }));
      const lost: unknown[] = [];
      const forget = onBackground(({ event, error }) => event === 'event.lost' && lost.push(error));
      await expect(broker(of, { ca: pair.cert }).publish('t', [message('x')])).rejects.toThrow(
        /does not speak TLS/,
      );
      forget();
      expect(box.texts).toEqual([]);
      expect(lost).toHaveLength(1);
    });

    test('a receiver that asks for certificates takes nothing from who has none', async () => {
      const of = network();
      const box = inbox();
      const strict = { ...pair, ca: pair.cert, requestClientCert: true };
      await broker(of, strict).subscribe('t', box.deliver, subscribing({ queue: 'queue' }));
      const stranger = broker(of, { ca: pair.cert }).publish('t', [message('x')]);
      await expect(stranger).rejects.toMatchObject({ code: 'unavailable' });
      expect(box.texts).toEqual([]);
      await broker(of, strict).publish('t', [message('mine')]);
      expect(box.texts).toEqual(['mine']);
    });
  },
);
