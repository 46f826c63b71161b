import { describe, expect, test } from '@jest/globals';
import { isMicroError } from '@micro/core';
import { GRPCResourceExhastedError } from 'etcd3';
import { credentialsOf } from '../src/credentials.ts';
import { etcdError } from '../src/errors.ts';
import { type EtcdOptions, etcdRegistry } from '../src/index.ts';
import { settingsOf } from '../src/options.ts';

describe('options', () => {
  test('addresses are URLs or host and port, all of one scheme', () => {
    expect(settingsOf().hosts).toEqual(['http://127.0.0.1:2379']);
    expect(settingsOf({ address: ['a:1', 'http://[::1]:2/'] }).hosts).toEqual([
      'http://a:1',
      'http://[::1]:2',
    ]);
    expect(settingsOf({ address: ['https://a:1', 'b:2'] }).hosts).toEqual(['https://a:1', 'https://b:2']);
    expect(settingsOf({ address: 'a:1', tls: {} })).toMatchObject({ hosts: ['https://a:1'], tls: {} });
  });

  const senseless: readonly EtcdOptions[] = [
    { address: [] },
    { address: 'no port' },
    { address: 'unix:/tmp/etcd' },
    { prefix: '/micro' },
    { timeoutMs: 0 },
    { tls: { rejectUnauthorized: false } },
  ];
  test.each(senseless)('%j makes no sense', (options) => {
    expect(() => etcdRegistry(options)).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });

  test('authorities are joined, and those of Node stand where none is given', () => {
    expect(String(credentialsOf({ ca: ['A', Buffer.from('B')] }).rootCertificate)).toBe('A\nB\n');
    expect(String(credentialsOf({}).rootCertificate)).toContain('BEGIN CERTIFICATE');
  });
});

describe('errors', () => {
  test("have etcd's reason, without the name that gRPC puts before it, and the cause whole", () => {
    const cause = new GRPCResourceExhastedError('8 RESOURCE_EXHAUSTED: etcdserver: too many requests');
    const error = etcdError(cause);
    expect(isMicroError(error, 'overloaded')).toBe(true);
    expect(error.message).toBe('registry etcd: etcdserver: too many requests');
    expect(error.cause).toBe(cause);
  });
});
