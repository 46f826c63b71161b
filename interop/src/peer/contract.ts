import { contract, rpc, stream, topic } from '@micro/core';
import { z } from 'zod';

// What every peer serves, Go's (go/v4/handlers.go) and ours, under its own service name.
const Text = z.object({ text: z.string() });
const Nothing = z.object({});

export const greeter = (service: string) =>
  contract(service, 'Greeter', {
    hello: rpc({
      request: z.object({ name: z.string() }),
      response: z.object({ msg: z.string(), from: z.string() }),
      idempotent: true,
    }),
  });

export const echo = (service: string) =>
  contract(service, 'Echo', {
    text: rpc({ request: Text.partial().optional(), response: Text }),
    fail: rpc({
      request: z.object({ id: z.string(), code: z.number(), detail: z.string() }),
      response: Nothing,
    }),
    headers: rpc({
      request: Nothing,
      response: z.object({ headers: z.record(z.string(), z.string()), leftMs: z.number() }),
    }),
    slow: rpc({ request: z.object({ ms: z.number() }), response: Nothing }),
    count: rpc({
      request: z.object({ to: z.number(), everyMs: z.number(), failAt: z.number().optional() }),
      response: stream(z.object({ n: z.number(), text: z.string() })),
    }),
    chat: rpc({ request: stream(Text), response: stream(Text) }),
    sum: rpc({
      request: stream(z.object({ n: z.number(), last: z.boolean() })),
      response: z.object({ sum: z.number() }),
    }),
  });

export const numbers = (name: string) => topic(name, z.object({ n: z.number(), text: z.string() }));
