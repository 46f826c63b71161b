import type { PluginOptions } from '@micro/core';
import type { Contender } from '../contender.ts';
import { connectMicro, serveMicro } from './micro.ts';
import { nullTransport } from './null-transport.ts';

/** Core on both sides of the null transport. */
export const nullCore: Contender = over(false);
/** The same with the handler's context entered for each call. */
export const nullCoreAmbient: Contender = over(true);

function over(ambient: boolean): Contender {
  const plugins = (): PluginOptions => ({
    registry: 'memory',
    transport: nullTransport(),
    broker: 'memory',
    codec: 'json',
  });
  return {
    serve: (work) => serveMicro(work, plugins(), ambient),
    connect: async () => connectMicro(plugins(), ambient),
  };
}
