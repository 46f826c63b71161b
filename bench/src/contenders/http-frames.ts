import '@micro/transport-http';
import type { Contender } from '../contender.ts';
import { over } from './framed.ts';

/** The frames on the port of the HTTP transport. */
export const httpFrames: Contender = over({ transport: 'http' }, false);
