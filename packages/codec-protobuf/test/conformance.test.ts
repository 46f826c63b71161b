import { afterAll, describe, test } from '@jest/globals';
import { type CodecHarness, codecSuite, runUnder } from '@micro/conformance';
import { protobufCodec } from '../src/index.ts';
import { Everything, Inner } from './gen/demo/v1/everything.micro.ts';
import { reflected } from './reflected.ts';
import { full } from './samples.ts';

function harness(name: string, everything: unknown, inner: unknown): CodecHarness {
  return {
    name,
    features: protobufCodec().features,
    create: () => protobufCodec(),
    samples: [
      { message: Everything.create(full), schema: everything },
      { message: Everything.create(), schema: everything },
      { message: Everything.create({ pick: { case: 'pickInner', value: { id: 'x' } } }), schema: everything },
      { message: Inner.create({ id: 'x', next: { next: { nums: [1] } } }), schema: inner },
    ],
    hostile: [
      Buffer.from('09', 'hex'), // a double without its bytes
      Buffer.from('72ff', 'hex'), // a length that is cut off
      Buffer.from('72ffffffff0f61', 'hex'), // 4 GiB announced
      Buffer.from('7202c328', 'hex'), // text that is not UTF-8
      Buffer.from('18ffffffffffffffffffff01', 'hex'), // a number of eleven bytes
      Buffer.from('00', 'hex'), // field 0
      Buffer.from('0c', 'hex'), // the end of a group that has not begun
      Buffer.from('0f', 'hex'), // wire type 7
      Buffer.from(`${'fb07'.repeat(300)}`, 'hex'), // groups in groups, all unknown
      Buffer.from('8a0102120a', 'hex'), // a message longer than the one around it
      Buffer.from('a20103000000', 'hex'), // packed doubles of three bytes
    ],
  };
}

for (const [name, one] of [
  ['protobuf, generated', harness('protobuf', Everything, Inner)],
  ['protobuf, reflected', harness('protobuf', reflected('Everything'), reflected('Inner'))],
] as const) {
  describe(name, () => runUnder({ describe, test, afterAll }, codecSuite, one));
}
