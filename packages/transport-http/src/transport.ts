import type { Transport } from '@micro/core';
import { parseTarget, socketTransport } from '@micro/core/plugin';
import { Sweep, shortestOf } from '@micro/frames';
import { EitherConnection } from './either.ts';
import { HttpListener } from './listener.ts';
import { type HttpTransportOptions, settingsOf } from './options.ts';
import { Pool } from './pool.ts';

/**
 * go-micro's HTTP transport: `POST /` with `Micro-*` headers over HTTP/1.1, and streams on connections of their
 * own. Behind an address stands a pool, for one connection carries one call at a time.
 */
export function httpTransport(options: HttpTransportOptions = {}): Transport {
  const settings = settingsOf(options);
  const { frames, tls } = settings;
  const sweep = new Sweep(frames === undefined ? 1000 : shortestOf(frames));

  return socketTransport({
    name: 'http',
    features: new Set(['streams', 'pushback', 'cancel', 'reply-metadata']),
    tls,
    listener: (acceptor, onClosed) => new HttpListener(acceptor, settings, sweep, onClosed),
    connection(address, options, onClosed) {
      const target = parseTarget(address);
      return frames === undefined
        ? new Pool(target, settings, options, onClosed)
        : new EitherConnection(target, settings, frames, sweep, options, onClosed);
    },
  });
}
