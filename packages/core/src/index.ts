export * from './background.ts';
export * from './broker.ts';
export * from './channel.ts';
export type { MicroClient, RawCallOptions } from './client.ts';
export * from './codec.ts';
export { type CallOptions, type Context, type ContextKey, contextKey } from './context.ts';
export * from './contract.ts';
export * from './create.ts';
export * from './errors.ts';
export * from './json.ts';
export * from './memory-broker.ts';
export * from './memory-registry.ts';
export * from './memory-transport.ts';
export * from './metadata.ts';
export {
  type Call,
  isStream,
  type Middleware,
  type Next,
  type StreamCall,
  tap,
  type UnaryCall,
  withMetadata,
} from './middleware.ts';
export * from './plugins.ts';
export type { EventOptions } from './publish.ts';
export * from './registry.ts';
export type { Reply, ReplyMetadata } from './reply.ts';
export { type Schema, type StreamOf, stream, type } from './schema.ts';
export * from './selector.ts';
export * from './selectors.ts';
export type { ClientOptions, Hooks, Service, ServiceOptions, ServiceState } from './service.ts';
export type { SubscriberOptions } from './subscriptions.ts';
export * from './tls.ts';
export type { CallTrace } from './tracing.ts';
export * from './transport.ts';
