export type { Carrier, Fields, Header, Listening, Received, Replies } from './carrier.ts';
export type { SessionOptions } from './settings.ts';
export { sessionTransport } from './transport.ts';
