import { describe, expect, test } from '@jest/globals';
import { encode } from 'dns-packet';
import fc from 'fast-check';
import { instanceName, serviceName } from '../src/names.ts';

const uuid = '6f1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d';

describe('names', () => {
  test('are the ones of Go wherever Go has one', () => {
    for (const service of [
      'greeter',
      'go.micro.srv.greeter',
      'acme/greeter',
      'a_b',
      'micro.http.broker',
      'UPPER',
    ]) {
      expect(serviceName(service, 'micro')).toBe(`${service}.micro`);
      expect(instanceName(`${service}-${uuid}`, service, 'micro')).toBe(
        `${service}-${uuid}.${service}.micro`,
      );
    }
  });

  test('hash a node whose label would be longer than 63 bytes, and leave its service to Go clients', () => {
    const service = 'a-service-of-thirty-characters';
    expect(serviceName(service, 'micro')).toBe(`${service}.micro`);
    expect(instanceName(`${service}-${uuid}`, service, 'micro')).toMatch(/^x-[0-9a-f]{40}\.a-service/);
  });

  test('hash what DNS cannot carry or Go cannot read back', () => {
    for (const service of [
      'x'.repeat(64),
      'a..b',
      '.a',
      'a.',
      'größe',
      'a b',
      'a\\b',
      "it's",
      '_services',
      'y.'.repeat(140),
    ]) {
      expect(serviceName(service, 'micro')).toMatch(/^x-[0-9a-f]{40}\.micro$/);
    }
  });

  test('always fit into a DNS name, whatever is in them', () => {
    const text = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 400 }),
      fc.domain(),
    );
    fc.assert(
      fc.property(text, text, (id, service) => {
        const name = instanceName(id, service, 'micro');
        expect(name.length).toBeLessThanOrEqual(253);
        for (const label of name.split('.')) expect(label).toMatch(/^[!-~]{1,63}$/);
        expect(name.endsWith(`.${serviceName(service, 'micro')}`)).toBe(true);
        expect(encode({ questions: [{ type: 'PTR', name }] })).toHaveLength(12 + name.length + 2 + 4);
      }),
    );
  });
});
