import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, test } from '@jest/globals';
import { runUnder, transportSuite } from '@micro/conformance';
import { tcpTransport } from '../src/index.ts';

const { features } = tcpTransport();
const badAddress = 'nowhere at all';

runUnder({ describe, test, afterAll }, transportSuite, {
  name: 'tcp',
  features,
  badAddress,
  sockets: true,
  create: () => tcpTransport(),
});

let paths = 0;
runUnder({ describe, test, afterAll }, transportSuite, {
  name: 'tcp over Unix sockets',
  features,
  badAddress,
  address: () => `unix:${join(tmpdir(), `micro-${process.pid}-${++paths}.sock`)}`,
  create: () => tcpTransport(),
});
