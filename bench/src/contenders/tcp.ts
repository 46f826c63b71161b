import '@micro/transport-tcp';
import type { Contender } from '../contender.ts';
import { over } from './framed.ts';

/** @micro over its frames on TCP. Neither side makes calls inside handlers. */
export const tcp: Contender = over({ transport: 'tcp' }, false);
/** The same where both sides have contexts entered. */
export const tcpAmbient: Contender = over({ transport: 'tcp' }, true);
