import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { NodeRecord, RegistryChange, ServiceRecord } from '../src/index.ts';
import { applyChange, type Snapshot } from '../src/snapshot.ts';
import { record } from './scripted-registry.ts';

const at = (id: string, address: string): NodeRecord => ({ id, address, metadata: {} });
const after = (changes: readonly RegistryChange[], service = 's'): Snapshot =>
  changes.reduce<Snapshot>((snapshot, change) => applyChange(snapshot, change, service), []);
const nodesOf = (snapshot: Snapshot): string[] =>
  snapshot
    .flatMap(({ version, nodes }) => nodes.map(({ id, address }) => `${version} ${id} ${address}`))
    .sort();

describe('a snapshot', () => {
  test('is what the last list says, and of its own service alone', () => {
    const list = (...services: readonly ServiceRecord[]): RegistryChange => ({
      ...{ type: 'list', name: undefined },
      services,
    });
    expect(nodesOf(after([list(record('s', ['a']), record('other', ['b']))]))).toEqual(['1 a a:1']);
    expect(after([list(record('s', ['a'])), list()])).toEqual([]);
  });

  test('stays the same object at changes of other services', () => {
    const snapshot = after([{ type: 'list', name: 's', services: [record('s', ['a'])] }]);
    const others: readonly RegistryChange[] = [
      { type: 'list', name: 'other', services: [] },
      { type: 'put', service: record('other', ['a']) },
      { type: 'remove', name: 'other', ids: ['a'] },
    ];
    for (const change of others) expect(applyChange(snapshot, change, 's')).toBe(snapshot);
  });

  test('has a node once: the later record counts, also in another version', () => {
    const services = [record('s', ['a', 'b'], '1'), record('s', [at('a', 'moved:2')], '2')];
    expect(nodesOf(after([{ type: 'list', name: 's', services }]))).toEqual(['1 b b:1', '2 a moved:2']);
    const moved: RegistryChange = { type: 'put', service: record('s', [at('b', 'moved:3')], '2') };
    expect(nodesOf(after([{ type: 'list', name: 's', services }, moved]))).toEqual([
      ...['2 a moved:2', '2 b moved:3'],
    ]);
  });

  test('merges records of one version, and is frozen', () => {
    const services = [record('s', ['a'], '1'), { ...record('s', ['b'], '1'), metadata: { newer: 'yes' } }];
    const snapshot = after([{ type: 'list', name: 's', services }]);
    expect(snapshot).toHaveLength(1);
    expect(snapshot[0]).toMatchObject({ metadata: { newer: 'yes' }, nodes: [{ id: 'a' }, { id: 'b' }] });
    expect([snapshot, snapshot[0], snapshot[0]?.nodes].map(Object.isFrozen)).toEqual([true, true, true]);
  });

  test('whatever changes come, holds what a map of nodes by id holds', () => {
    const id = fc.constantFrom('a', 'b', 'c', '__proto__');
    const version = fc.constantFrom('1', '2');
    const service = fc
      .tuple(fc.constantFrom('s', 'other'), version, fc.array(fc.tuple(id, fc.constantFrom('x:1', 'y:2'))))
      .map(([name, of, nodes]) =>
        record(
          name,
          nodes.map(([one, address]) => at(one, address)),
          of,
        ),
      );
    const change = fc.oneof<fc.Arbitrary<RegistryChange>[]>(
      fc
        .tuple(fc.constantFrom('s', 'other', undefined), fc.array(service, { maxLength: 3 }))
        .map(([name, services]) => ({ type: 'list', name, services })),
      service.map((one) => ({ type: 'put', service: one })),
      fc
        .tuple(fc.constantFrom('s', 'other'), fc.array(id))
        .map(([name, ids]) => ({ type: 'remove', name, ids })),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
        const model = new Map<string, string>();
        const put = ({ name, version: of, nodes }: ServiceRecord): void => {
          if (name === 's') for (const one of nodes) model.set(one.id, `${of} ${one.id} ${one.address}`);
        };
        for (const one of changes) {
          if (one.type === 'put') put(one.service);
          else if (one.type === 'remove')
            for (const gone of one.name === 's' ? one.ids : []) model.delete(gone);
          else if (one.name !== 'other') {
            model.clear();
            one.services.forEach(put);
          }
        }
        expect(nodesOf(after(changes))).toEqual([...model.values()].sort());
      }),
      { numRuns: 1_000 },
    );
  });
});
