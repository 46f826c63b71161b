import {
  type Contract,
  contract,
  createClient,
  createService,
  type PluginOptions,
  rpc,
  type,
  type Unary,
} from '@micro/core';
import type { Caller, Message, Served, Work } from '../contender.ts';

// The contract of all @micro contenders. Unchecked messages, as their rivals have them
const Bench: Contract<{ call: Unary<Message, Message> }> = contract('bench', 'Bench', {
  call: rpc({ request: type<Message>(), response: type<Message>() }),
});

/** Starts a service over the given plugins. `callsOthers`: it has a client, so contexts are entered for its handlers. */
export async function serveMicro(
  work: Work,
  plugins: PluginOptions,
  ambient: boolean,
  address?: string,
  callsOthers = false,
): Promise<Served> {
  const service = createService({ name: 'bench', ...plugins, ambient, address });
  service.handle(Bench, { call: work.handle });
  if (callsOthers) service.client.of(Bench);
  await service.start();
  return { address: service.address ?? '', close: () => service.stop() };
}

/** Makes the contract's client over the given plugins. */
export function connectMicro(plugins: PluginOptions, ambient: boolean): Caller {
  const client = createClient({ ...plugins, ambient });
  const { call } = client.of(Bench);
  return { call, close: () => client.close() };
}
