import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type Consul from 'consul';

/** What the library's documented extension points are given, as far as it matters here. */
interface LibraryRequest {
  transport: { request(options: RequestOptions): ClientRequest };
}

/** 10,000 nodes of a service are about 20 MB. */
const mostBytes = 128 * 1_024 * 1_024;

/**
 * The library waits until its time limit for the rest of an answer whose connection has ended, as long as Consul may
 * hold a watch, and takes answers of any length. Here both are errors, at once.
 */
export function wholeAnswers(client: Consul): void {
  const extend: unknown = Reflect.get(client, '_ext');
  if (typeof extend !== 'function') throw new Error('this version of the consul client cannot be extended');
  Reflect.apply(extend, client, [
    'onRequest',
    (request: LibraryRequest, next: () => void) => {
      const { transport } = request;
      request.transport = {
        request(options) {
          const sent = transport.request(options);
          return sent.once('response', (response) => check(response, sent));
        },
      };
      next();
    },
  ]);
}

function check(response: IncomingMessage, sent: ClientRequest): void {
  let length = 0;
  response.on('data', (bytes: Uint8Array) => {
    length += bytes.length;
    if (length > mostBytes) sent.destroy(new Error(`an answer of more than ${mostBytes} bytes`));
  });
  // An error that the library has been told of before is no news to it
  response.once('close', () => {
    if (!response.complete) sent.emit('error', new Error('the answer has ended too early'));
  });
}
