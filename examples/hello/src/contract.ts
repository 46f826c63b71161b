import { contract, rpc, stream, topic } from '@micro/core';
import { z } from 'zod';

// Each run has names of its own, so that two of them on one network do not meet.
const run = process.env.HELLO_RUN ?? 'dev';
export const serviceName = `hello-${run}`;

const From = z.object({ from: z.string() });

/** What the servers offer. The client's types, the checks of what comes in, and the description in the registry are made of it. */
export const Greeter = contract(serviceName, 'Greeter', {
  hello: rpc({
    request: z.object({ name: z.string().min(1) }),
    response: From.extend({ msg: z.string() }),
    idempotent: true, // so it is repeated elsewhere when its server dies
  }),
  sign: rpc({
    doc: 'Signs the guest book. Twice is not as good as once, so it is never sent again once it may have arrived.',
    request: z.object({ name: z.string().min(1) }),
    response: From,
  }),
  count: rpc({
    request: z.object({ to: z.number().int().max(1_000) }),
    response: stream(From.extend({ n: z.number() })),
  }),
  chat: rpc({
    request: stream(z.object({ say: z.string() })),
    response: stream(From.extend({ said: z.string() })),
  }),
});

export const Greeted = topic(`greeted-${run}`, z.object({ n: z.number() }));
