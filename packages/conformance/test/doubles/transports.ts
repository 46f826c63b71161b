import { type Connection, MicroError, type OutgoingCall } from '@micro/core';
import type { TransportHarness } from '../../src/index.ts';
import { type Double, leak } from './double.ts';
import { calls, clientSinks, double, errors, serverSinks } from './transport-breaks.ts';

const text = 'carries text of no character, of one, of 64 KiB and of many, also beyond ASCII';
const replyMetadata =
  'carries metadata with a reply and with an error, header and trailer apart, and what has none comes without';
const streamMetadata =
  'a stream has its header before the first message, and its trailer with the end, also of an error';
const unspeakable =
  'reply metadata that the protocol cannot spell arrives as it is or fails the call, and never as something else';
const handlerError = 'carries an error of the handler: code, id, status and message, delivered yes';

export const transportDoubles: readonly Double<TransportHarness>[] = [
  // first: what a stuck double leaves running for a while would hide a leak
  double('leaves a timer', 'leaves no socket, timer or listener after close', {
    transport: (inner) => ({
      listen(acceptor, options) {
        leak();
        return inner.listen(acceptor, options);
      },
    }),
  }),
  double(
    'answers twice',
    'a thousand calls one after another are all answered',
    calls((call) => ({
      done(body) {
        call.done(body);
        call.done(body);
      },
    })),
  ),
  double('answers inside request()', text, {
    connection: () => ({ request: (call) => call.done(call.body) }),
  }),
  double(
    'takes text for Latin-1',
    text,
    calls((call) => ({
      body: typeof call.body === 'string' ? Buffer.from(call.body, 'latin1').toString('latin1') : call.body,
    })),
  ),
  double(
    'takes bytes for text',
    'carries bytes, any, of no byte, of one, of 64 KiB and of many',
    calls((call) => ({
      done: (body) =>
        call.done(body instanceof Uint8Array ? Buffer.from(Buffer.from(body).toString()) : body),
    })),
  ),
  double(
    'mixes replies',
    'carries 64 calls at once, and each gets its own answer, in any order',
    (() => {
      const waiting: OutgoingCall[] = [];
      return calls((call) => {
        waiting.push(call);
        return { done: (body) => waiting.shift()?.done(body) };
      });
    })(),
  ),
  double(
    'loses metadata',
    'carries metadata of any kind, and what has none comes without',
    calls(() => ({ metadata: undefined })),
  ),
  double(
    'keeps metadata in a plain object',
    'carries metadata of any kind, and what has none comes without',
    calls(({ metadata }) => {
      const plain: Record<string, string> = {};
      for (const key of Object.keys(metadata ?? {})) plain[key] = metadata?.[key] ?? '';
      return { metadata: plain };
    }),
  ),
  double(
    'loses the trailer of an error',
    replyMetadata,
    calls((call) => ({ fail: (error, delivered) => call.fail(error, delivered) })),
  ),
  double(
    'takes the trailer for the header',
    replyMetadata,
    calls((call) => ({
      done: (body, said) => call.done(body, { header: { ...said?.header, ...said?.trailer } }),
    })),
  ),
  double(
    'keeps reply metadata in a plain object',
    unspeakable,
    calls((call) => ({
      done(body, said) {
        const header: Record<string, string> = {};
        for (const key of Object.keys(said?.header ?? {})) header[key] = said?.header?.[key] ?? '';
        call.done(body, { ...said, header });
      },
    })),
  ),
  double(
    'cuts reply metadata at the end of a line',
    unspeakable,
    calls((call) => ({
      done(body, said) {
        const header: Record<string, string> = Object.create(null);
        for (const key in said?.header) header[key] = said.header[key]?.split('\n')[0] ?? '';
        call.done(body, { ...said, header });
      },
    })),
  ),
  double(
    'loses the header of a stream',
    streamMetadata,
    serverSinks(() => ({ header: () => {} })),
  ),
  double(
    'loses the trailer of a stream',
    streamMetadata,
    serverSinks((sink) => ({ end: () => sink.end() })),
  ),
  double(
    'loses the trailer of a stream that fails',
    streamMetadata,
    serverSinks((sink) => ({ abort: (error, delivered) => sink.abort(error, delivered) })),
  ),
  double(
    'lets metadata forge headers',
    'metadata that the protocol cannot spell arrives as it is or is refused, and never as something else',
    calls(({ metadata }) => {
      const lines = Object.entries(metadata ?? {}).map(([key, value]) => `${key}: ${value}`);
      const read = lines
        .join('\r\n')
        .split(/\r?\n/)
        .filter((line) => line !== '');
      return {
        metadata: Object.fromEntries(
          read.map((line) => [line.split(':')[0] ?? '', line.split(': ')[1] ?? '']),
        ),
      };
    }),
  ),
  double(
    'keeps the deadline to itself',
    'hands on what is left of the deadline, and 0 when there is none',
    calls(() => ({ deadline: 0 })),
  ),
  double(
    'loses the code',
    handlerError,
    errors((error, delivered) => [new MicroError('internal', error.message, { id: error.id }), delivered]),
  ),
  double(
    'loses the id',
    handlerError,
    errors((error, delivered) => [new MicroError(error.code, error.message), delivered]),
  ),
  double(
    'takes handler errors for lost calls',
    handlerError,
    errors((error) => [error, 'maybe']),
  ),
  double(
    'takes refusals for answers',
    'carries a refusal before the handler as delivered no, whatever its code',
    errors((error) => [error, 'yes']),
  ),
  double(
    'guesses from the code',
    'an error with the code unavailable from a handler is still delivered yes',
    errors((error, delivered) => [error, error.code === 'unavailable' ? 'no' : delivered]),
  ),
  double(
    'says maybe where nobody listens',
    'where nobody listens a call fails with unavailable, delivered no, and works when somebody does',
    errors((error) => [error, 'maybe']),
  ),
  double(
    'says no for what may have been delivered',
    'a listener that closes cancels the work that is left, whose callers learn unavailable, and not delivered no',
    errors((error) => [error, 'no']),
  ),
  double('drops cancel', 'cancel reaches the handler', { connection: () => ({ cancel: () => {} }) }),
  double(
    'tells cancelled calls of their end',
    'a call that was cancelled is told nothing more, and its late reply goes to nobody else',
    {
      connection: (inner) => ({
        cancel(call) {
          inner.cancel(call);
          queueMicrotask(() => call.fail(new MicroError('canceled', 'cancelled'), 'maybe'));
        },
      }),
    },
  ),
  double('cancels everything at once', 'cancel reaches the handler', {
    connection: (inner) => ({ cancel: () => inner.destroy() }),
  }),
  double(
    'lets the reader be drowned',
    'a slow client slows the server that writes to it',
    clientSinks(() => ({ pause: () => {} })),
  ),
  double(
    'never tells the server to wait',
    'a slow client slows the server that writes to it',
    serverSinks((sink) => ({
      write(body) {
        sink.write(body);
        return true;
      },
    })),
  ),
  double(
    'never tells the client to wait',
    'a slow server slows the client that writes to it',
    clientSinks((sink) => ({
      write(body) {
        sink.write(body);
        return true;
      },
    })),
  ),
  double(
    'forgets the end',
    'a server stream: one message there, many back, in order, then the end',
    serverSinks(() => ({ end: () => {} })),
  ),
  double(
    'ends both halves together',
    'the halves are independent: a client that has ended its own still gets all of the other',
    clientSinks((sink) => ({
      end: () => sink.abort(new MicroError('canceled', 'ended')),
    })),
  ),
  double(
    'loses every hundredth message',
    'a client stream: many there, one back',
    (() => {
      let count = 0;
      return clientSinks((sink) => ({ write: (body) => (++count % 100 === 0 ? true : sink.write(body)) }));
    })(),
  ),
  double(
    'takes an error for the end',
    'an error in the middle comes after what was sent before it, delivered yes, and a refusal as no',
    serverSinks((sink) => ({ abort: () => sink.end() })),
  ),
  double(
    'does not tell that the client has left',
    'the server is told when the client leaves a stream',
    clientSinks(() => ({ abort: () => {} })),
  ),
  double(
    'does not tell that it drains',
    'a listener that drains tells its peers, finishes what is under way, and answers stragglers with delivered no',
    { listener: () => ({ drain: () => {} }) },
  ),
  double(
    'takes any address',
    'an address that is taken is refused with unavailable, and its owner is not disturbed',
    {
      transport: (inner) => ({
        listen: (acceptor, options) =>
          inner.listen(acceptor, options).catch(() => inner.listen(acceptor, {})),
      }),
    },
  ),
  double(
    'never connects again',
    'a connection comes back by itself when its peer does',
    (() => {
      return {
        connection(inner: Connection) {
          let used = false;
          return {
            request(call: OutgoingCall) {
              if (used && inner.state === 'idle') inner.destroy();
              used = true;
              inner.request(call);
            },
          };
        },
      };
    })(),
  ),
  double(
    'does not wait in close',
    'a connection that closes takes no more calls, and waits for those under way',
    {
      connection: (inner) => ({ close: async () => inner.destroy() }),
    },
  ),
  double(
    'does not destroy',
    'a connection that is destroyed fails what is under way with unavailable, and not as delivered no',
    { connection: () => ({ destroy: () => {} }) },
  ),
  double(
    'goes on after close',
    'close destroys its listeners and connections, and afterwards all is unavailable',
    { transport: () => ({ close: async () => {} }) },
  ),
  double('ignores the signal', 'listening is refused with canceled when the signal has aborted', {
    transport: (inner) => ({ listen: (acceptor, { address }) => inner.listen(acceptor, { address }) }),
  }),
];
