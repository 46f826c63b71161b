import { expect, test } from '@jest/globals';
import type { Codec } from '../src/codec.ts';
import { contract, rpc } from '../src/contract.ts';
import { MicroError } from '../src/errors.ts';
import { jsonCodec } from '../src/json.ts';
import { Routes } from '../src/routes.ts';
import type { Schema } from '../src/schema.ts';

const never: Schema<string, string> = {
  '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'never' }] }) },
};
const Test = contract('test', 'Test', { echo: rpc({ request: never, response: never }) });

function routes(codec: Codec): Routes {
  const made = new Routes(
    () => new Map([...codec.contentTypes.map((one): [string, Codec] => [one, codec])]),
    () => false,
  );
  made.add(Test, { echo: (text: string) => text });
  return made;
}

test('a codec that cannot work with the schema of an endpoint is a refusal, not a crash', () => {
  const picky: Codec = {
    ...jsonCodec(),
    bind() {
      throw new MicroError('bad_request', 'no schema of mine');
    },
  };
  const route = routes(picky).route('test', 'Test.Echo', 'application/json');
  expect(route.found).toBe(false);
  expect(route.refusal).toMatchObject({
    code: 'bad_request',
    message: expect.stringContaining('no schema of mine'),
  });
});

test('what a codec has checked is not checked again', () => {
  const checking: Codec = { ...jsonCodec(), bind: () => ({ ...jsonCodec().bind(never), checked: true }) };
  expect(routes(checking).route('test', 'Test.Echo', 'application/json').check).toBeUndefined();
  expect(routes(jsonCodec()).route('test', 'Test.Echo', 'application/json').check).toBeDefined();
});
