import { channel } from 'node:diagnostics_channel';
import { afterEach, expect, test } from '@jest/globals';
import {
  type CallTrace,
  contract,
  createClient,
  createService,
  rpc,
  stream,
  topic,
  type,
} from '../src/index.ts';

const Greeter = contract('traced', 'Greeter', {
  hello: rpc({ request: type<{ name: string }>(), response: type<{ msg: string }>() }),
  count: rpc({ request: type<{ to: number }>(), response: stream(type<number>()) }),
});
const Greeted = topic('traced.greeted', type<{ name: string }>());

const seen: string[] = [];
const began = (message: unknown): void => void seen.push(text('start', message));
const ended = (message: unknown): void => void seen.push(text('end', message));
function text(what: string, message: unknown): string {
  const { side, endpoint, kind, error } = message as CallTrace;
  return `${what} ${side} ${kind} ${endpoint}${error instanceof Error ? ` ${error.message}` : ''}`;
}
afterEach(() => {
  channel('micro:call:start').unsubscribe(began);
  channel('micro:call:end').unsubscribe(ended);
});

test('calls, streams and events are told as they begin and as they end, on both sides', async () => {
  const memory = { network: 'tracing' };
  const around = { registry: { memory }, transport: { memory }, broker: { memory } };
  const service = createService({ name: 'traced', ...around });
  service.handle(Greeter, {
    hello: ({ name }) => {
      if (name === '') throw new Error('nobody');
      return { msg: name };
    },
    async *count({ to }) {
      for (let n = 0; n < to; n++) yield n;
    },
  });
  const handled = new Promise<void>((resolve) => service.subscribe(Greeted, async () => resolve()));
  await service.start();
  const client = createClient(around);
  const greeter = client.of(Greeter);
  await greeter.hello({ name: 'untold' });
  channel('micro:call:start').subscribe(began);
  channel('micro:call:end').subscribe(ended);
  await greeter.hello({ name: 'Ada' });
  await expect(greeter.hello({ name: '' })).rejects.toMatchObject({ code: 'internal' });
  for await (const _ of greeter.count({ to: 2 }));
  await client.publish(Greeted, { name: 'Ada' });
  await handled;
  await client.close();
  await service.stop();
  const unary = ['start client unary Greeter.Hello', 'start server unary Greeter.Hello'];
  expect(seen).toEqual([
    ...[...unary, 'end server unary Greeter.Hello', 'end client unary Greeter.Hello'],
    ...unary,
    'end server unary Greeter.Hello Greeter.Hello failed',
    'end client unary Greeter.Hello Greeter.Hello failed',
    'start client server-stream Greeter.Count',
    'start server server-stream Greeter.Count',
    'end server server-stream Greeter.Count',
    'end client server-stream Greeter.Count',
    'start server event traced.greeted',
    'end server event traced.greeted',
  ]);
});
