import { afterAll, describe, test } from '@jest/globals';
import { type CodecHarness, codecSuite, runUnder } from '@micro/conformance';
import { msgpackCodec } from '../src/index.ts';
import { hostile } from './hostile.ts';

const harness: CodecHarness = {
  name: 'msgpack',
  features: msgpackCodec().features,
  create: () => msgpackCodec(),
  hostile: hostile.map(([, hex]) => Buffer.from(hex, 'hex')),
};

runUnder({ describe, test, afterAll }, codecSuite, harness);
