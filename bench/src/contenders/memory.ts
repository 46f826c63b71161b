import type { PluginOptions } from '@micro/core';
import type { Contender } from '../contender.ts';
import { connectMicro, serveMicro } from './micro.ts';

const plugins: PluginOptions = { registry: 'memory', transport: 'memory', broker: 'memory' };

/** @micro inside one process: contract, selector, deadline; values are handed over, so there is no codec. */
export const memory: Contender = over(false);
/** The same with the handler's context entered for each call. */
export const memoryAmbient: Contender = over(true);

function over(ambient: boolean): Contender {
  return {
    serve: (work) => serveMicro(work, plugins, ambient),
    connect: async () => connectMicro(plugins, ambient),
  };
}
