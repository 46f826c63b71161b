import { setMaxListeners } from 'node:events';
import { afterAll, describe, expect, test } from '@jest/globals';
import { runUnder, type TransportHarness, transportSuite } from '@micro/conformance';
import { MicroError, type OutgoingCall, type Transport } from '@micro/core';
import {
  type ReceivedRequest,
  type UnaryHandle,
  type UnaryOutcome,
  unaryTransport,
} from '@micro/core/plugin';

/** The simplest that can carry anything: a table of who listens, in this process. Every message is copied. */
const places = new Map<string, { readonly handle: UnaryHandle; readonly closed: AbortSignal }>();
let lastPlace = 0;

function tableTransport(): Transport {
  return unaryTransport({
    name: 'table',
    checkAddress(address) {
      if (!address.startsWith('place ')) throw new MicroError('bad_request', `"${address}" is no place`);
    },
    async call(address, request, signal): Promise<UnaryOutcome> {
      const place = places.get(address);
      if (place === undefined)
        return { error: new MicroError('unavailable', 'nobody is there'), delivered: 'no' };
      const lost = new Promise<never>((_, reject) => {
        place.closed.addEventListener('abort', () => reject(new Error('cut')), { once: true });
      });
      lost.catch(() => undefined); // raced
      const copy = structuredClone({ ...request, metadata: { ...request.metadata } });
      const outcome = await Promise.race([place.handle(copy, { address: 'caller' }, signal), lost]);
      if ('body' in outcome) return structuredClone(outcome);
      const { code, message, id, status } = outcome.error;
      return { error: new MicroError(code, message, { id, status }), delivered: outcome.delivered };
    },
    async listen(wanted, handle) {
      const address = wanted ?? `place ${++lastPlace}`;
      if (places.has(address)) throw new Error(`${address} is taken`);
      const closed = new AbortController();
      setMaxListeners(0, closed.signal); // one for every call under way
      places.set(address, { handle, closed: closed.signal });
      return {
        address,
        async close(signal) {
          places.delete(address);
          if (signal.aborted) closed.abort();
        },
      };
    },
  });
}

const harness: TransportHarness = {
  name: 'unaryTransport over a table',
  features: tableTransport().features,
  create: tableTransport,
  address: () => `place ${++lastPlace}`,
  badAddress: 'nowhere',
};

runUnder({ describe, test, afterAll }, transportSuite, harness);

describe('what comes off the wire', () => {
  const refused: Readonly<Record<string, ReceivedRequest>> = {
    'nothing at all': {},
    'a service that is a number': { service: 1, endpoint: 'A.B', contentType: '', body: new Uint8Array() },
    'a body that is text': { service: 'a', endpoint: 'A.B', contentType: '', body: 'text' },
    'metadata that is null': {
      service: 'a',
      endpoint: 'A.B',
      contentType: '',
      body: new Uint8Array(),
      metadata: null,
    },
    'metadata with an object in it': {
      service: 'a',
      endpoint: 'A.B',
      contentType: '',
      body: new Uint8Array(),
      metadata: { key: {} },
    },
  };
  for (const [what, received] of Object.entries(refused)) {
    test(`is refused before the handler when it is ${what}`, async () => {
      const transport = tableTransport();
      const fail = (): never => {
        throw new Error('the acceptor was asked');
      };
      const acceptor = { endpoints: [], route: fail, call: fail, stream: fail };
      const { address } = await transport.listen(acceptor, {});
      const { signal } = new AbortController();
      const outcome = await places.get(address)?.handle(received, { address: '' }, signal);
      expect(outcome).toMatchObject({ error: { code: 'bad_request' }, delivered: 'no' });
      await transport.close();
    });
  }
});

test('a call that was cancelled in the turn in which it was made is never sent', async () => {
  const sent: string[] = [];
  const transport = unaryTransport({
    name: 'counting',
    async call(address) {
      sent.push(address);
      return { body: new Uint8Array() };
    },
    listen: () => Promise.reject(new Error('nobody listens')),
  });
  const connection = transport.dial('there', { metadata: {} });
  const target = { index: 0, service: 's', endpoint: 'A.B', contentType: 'application/json', text: true };
  const told: string[] = [];
  const call = (name: string): OutgoingCall => ({
    ...{ target, body: '', deadline: 0, metadata: undefined, slot: 0 },
    done: () => told.push(name),
    fail: () => told.push(`${name} failed`),
  });
  const cancelled = call('cancelled');
  connection.request(cancelled);
  connection.cancel(cancelled);
  connection.request(call('kept'));
  await connection.close();
  expect(sent).toEqual(['there']);
  expect(told).toEqual(['kept']);
  await transport.close();
});
