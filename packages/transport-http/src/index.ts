import { definePlugin } from '@micro/core';
import type { HttpTransportOptions } from './options.ts';
import { httpTransport } from './transport.ts';

declare module '@micro/core' {
  interface TransportPlugins {
    http: HttpTransportOptions;
  }
}

definePlugin('transport', 'http', {
  package: '@micro/transport-http',
  create: (options) => httpTransport(options),
});

export type { HttpTransportOptions } from './options.ts';
export { httpTransport } from './transport.ts';
