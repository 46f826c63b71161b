import { readFileSync } from 'node:fs';
import { encodeMessage, type MessageType } from '@micro/codec-protobuf';
import { type ReflectedMessage, reflect } from '@micro/codec-protobuf/reflect';
import { channel, contract, type Handlers, type MicroClient, MicroError, rpc, stream } from '@micro/core';
import protobuf from 'protobufjs';
import type { Arguments } from '../protocol.ts';

const source = readFileSync(new URL('../../go/v4/messages.proto', import.meta.url), 'utf8');
const Sample: MessageType<ReflectedMessage> = reflect(
  protobuf.parse(source).root.lookupType('interop.Sample'),
);

/** Serves messages of messages.proto, in whichever content type a request comes. */
export const mirror = (service: string) =>
  contract(service, 'Mirror', {
    once: rpc({ request: Sample, response: Sample }),
    each: rpc({ request: stream(Sample), response: stream(Sample) }),
  });

export const mirrorHandlers: Handlers<ReturnType<typeof mirror>['endpoints']> = {
  once(sample) {
    if (sample.displayName === 'fail') throw new MicroError('not_found', 'no größe', { id: 'mirror' });
    return sample;
  },
  async *each(samples) {
    yield* samples;
  },
};

const sample = (...more: readonly number[]): ReflectedMessage =>
  Sample.create({
    displayName: 'größe 世界',
    bigNumber: 2n ** 53n - 1n,
    mood: 'GLAD',
    data: new Uint8Array([0, 1, 254, 255]),
    someNumbers: [1, -2, 3, ...more],
    labels: { a: 'b' },
    choice: { case: 'text', value: 'chosen' },
  });

/**
 * A message there and back. `texts`: with this name instead, and nothing else but a large number where it is `large`.
 */
export async function mirrorOnce(client: MicroClient, args: Arguments): Promise<{ readonly same: boolean }> {
  const { service = '', texts } = args;
  const sent = texts === undefined ? sample() : named(texts[0]);
  return { same: isSame(sent, await client.of(mirror(service)).once(sent)) };
}

function named(name: string | undefined): ReflectedMessage {
  if (!name) return Sample.create();
  return Sample.create(
    name === 'large' ? { displayName: name, bigNumber: 2n ** 53n + 1n } : { displayName: name },
  );
}

/** `times` messages there and back in a two-way stream. */
export async function mirrorEach(client: MicroClient, args: Arguments): Promise<{ readonly same: boolean }> {
  const { service = '', times = 1, timeoutMs } = args;
  const samples = channel<ReflectedMessage>();
  await samples.send(sample(1));
  let [n, same] = [1, true];
  for await (const back of client.of(mirror(service)).each(samples, { timeoutMs })) {
    same &&= isSame(sample(n), back);
    if (n === times) break;
    await samples.send(sample(++n));
  }
  return { same: same && n === times };
}

function isSame(a: ReflectedMessage, b: ReflectedMessage): boolean {
  return Buffer.compare(encodeMessage(Sample, a), encodeMessage(Sample, b)) === 0;
}
