import type { Work } from './contender.ts';

/** A name and a number there, a greeting back. */
export const hello: Work = {
  handle: async ({ name }) => ({ msg: `Hello ${name}` }),
  request: (lane) => ({ name: nameOf(lane), n: 1 }),
  check: (lane, reply) =>
    typeof reply === 'object' && reply !== null && 'msg' in reply && reply.msg === greetings[lane],
};

/** What is sent comes back. */
export const echo: Work = {
  handle: async (message) => message,
  request: (lane) => ({ name: nameOf(lane), n: lane }),
  check: (lane, reply) => typeof reply === 'object' && reply !== null && 'n' in reply && reply.n === lane,
};

/** The messages of server streams. */
export const messages: Work = { ...echo, streams: true };

const long = 'x'.repeat(16_384);

/** 16 KiB of text there and back. */
export const large: Work = {
  handle: async (message) => message,
  request: (lane) => ({ text: long, n: lane }),
  check: (lane, reply) =>
    typeof reply === 'object' &&
    reply !== null &&
    'n' in reply &&
    reply.n === lane &&
    'text' in reply &&
    typeof reply.text === 'string' &&
    reply.text.length === long.length,
};

/** Nothing is asked. */
export const nothing: Work = {
  handle: async (message) => message,
  request: () => ({}),
  check: () => true,
};

const mostLanes = 1024;
const greetings: readonly string[] = Array.from({ length: mostLanes }, (_, lane) => `Hello ${nameOf(lane)}`);

/** As long as `World`: V8 joins texts from 13 characters on lazily, and comparing would pay for it. */
function nameOf(lane: number): string {
  return `W${String(lane).padStart(4, '0')}`;
}
