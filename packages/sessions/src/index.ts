export type { Answers, Carrier, Fields, Header, Listening, Received, Replies, Requests } from './carrier.ts';
export { SessionListener } from './listener.ts';
export { OwnSessionConnection } from './own-connection.ts';
export { type SessionOptions, type SessionSettings, sessionSettings } from './settings.ts';
export { sessionTransport } from './transport.ts';
