import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { jsonCodec } from '@micro/core';
import fc from 'fast-check';
import { describePeer } from '../../../scripts/backends/jest.mjs';
import { decodeMessage, encodeMessage, type MessageType, type ProtoFile } from '../src/index.ts';
import { everything, wellKnown } from './arbitraries.ts';
import { Everything, file_demo_v1_everything, WellKnown } from './gen/demo/v1/everything.micro.ts';
import { full } from './samples.ts';

interface Answer {
  readonly error?: string;
  readonly json: string;
  readonly same: boolean;
  readonly binary: string;
}

function filesOf(file: ProtoFile): readonly ProtoFile[] {
  return [...file.imports.flatMap(filesOf), file];
}

await describePeer('grpc-python', ({ python, modules }) => {
  function ask<Message extends object, Init extends object>(
    type: MessageType<Message, Init>,
    messages: readonly Init[],
  ): readonly Answer[] {
    const input = JSON.stringify({
      files: filesOf(file_demo_v1_everything).map((file) =>
        Buffer.from(file.descriptor()).toString('base64'),
      ),
      cases: messages.map((message) => ({
        type: type.typeName,
        binary: Buffer.from(encodeMessage(type, message)).toString('base64'),
        json: jsonCodec().bind(type).encode(message),
      })),
    });
    const { status, stdout, stderr } = spawnSync(
      python,
      [fileURLToPath(new URL('python/compare.py', import.meta.url))],
      {
        input,
        encoding: 'utf8',
        env: { PYTHONPATH: modules, PYTHONDONTWRITEBYTECODE: '1', PATH: process.env.PATH },
        maxBuffer: 2 ** 27,
      },
    );
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  }

  function compare<Message extends object, Init extends object>(
    type: MessageType<Message, Init>,
    messages: readonly Init[],
  ): void {
    const json = jsonCodec().bind(type);
    for (const [index, answer] of ask(type, messages).entries()) {
      const message = messages[index];
      if (message === undefined) throw new Error('an answer too many');
      const ours = String(json.encode(message));
      expect({ error: answer.error, ours }).toEqual({ error: undefined, ours });
      // Their JSON of our bytes is our JSON, up to the spelling of numbers
      expect(numbers(JSON.parse(answer.json))).toEqual(numbers(JSON.parse(ours)));
      // They read our JSON as the message that our bytes are
      expect({ same: answer.same, ours }).toEqual({ same: true, ours });
      // We read their JSON, and their bytes of our JSON
      expect(json.decode(answer.json)).toEqual(type.create(message));
      expect(decodeMessage(type, Buffer.from(answer.binary, 'base64'))).toEqual(type.create(message));
    }
  }

  test('Python reads and writes the same JSON, of random messages', () => {
    compare(Everything, [full, {}, { aFloat: -3.4028234663852886e38 }, ...fc.sample(everything, 400)]);
  }, 60_000);

  test('and of well-known types', () => {
    compare(WellKnown, [{}, ...fc.sample(wellKnown, 400)]);
  }, 60_000);
});

/** `"-0"` and -0.0 are one number, and so are texts that are the same float: of two as short, each rounds to another. */
function numbers(json: unknown): unknown {
  if (json === '-0') return 0;
  if (Object.is(json, -0)) return 0;
  if (Array.isArray(json)) return json.map(numbers);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key,
      key === 'aFloat' && typeof value === 'number' ? numbers(Math.fround(value)) : numbers(value),
    ]),
  );
}
