import type { Contender } from '../contender.ts';
import { nullTransport } from './null-transport.ts';
import { ours } from './ours.ts';

/** Core on both sides of the null transport. */
export const nullCore: Contender = ours(nullTransport);
/** The same with the handler's context entered for each call. */
export const nullCoreAmbient: Contender = ours(nullTransport, { ambient: true });
