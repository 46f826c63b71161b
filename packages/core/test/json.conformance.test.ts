import { afterAll, describe, test } from '@jest/globals';
import { type CodecHarness, codecSuite, runUnder } from '@micro/conformance';
import { jsonCodec } from '../src/json.ts';

const harness: CodecHarness = {
  name: 'json',
  features: jsonCodec().features,
  create: () => jsonCodec(),
  hostile: [
    '[}',
    '{"a":1,}',
    '01',
    '1e',
    '"\u0001"',
    "{'a':1}",
    '{"a":1}{}',
    'NaN',
    '[1',
    '"\\x"',
    '\ufeff{}',
  ],
};

runUnder({ describe, test, afterAll }, codecSuite, harness);
