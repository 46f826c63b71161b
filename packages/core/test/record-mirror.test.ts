import { describe, expect, test } from '@jest/globals';
import { onBackground, type ServiceRecord } from '../src/index.ts';
import { encodeRecord, recordMirror } from '../src/plugin.ts';

const node = (id: string, port = 1): ServiceRecord['nodes'][number] => ({
  id,
  address: `127.0.0.1:${port}`,
  metadata: {},
});
const text = (name: string, id: string, port?: number): string =>
  encodeRecord({ name, version: '1', metadata: {}, endpoints: [], nodes: [] }, node(id, port));

describe('a mirror of a store of records', () => {
  test('lists what there is, then tells what comes, changes and goes', () => {
    const mirror = recordMirror('test', 'a');
    const list = mirror.list([['/a/1', text('a', '1')]]);
    expect(list).toMatchObject({ type: 'list', name: 'a', services: [{ nodes: [{ id: '1' }] }] });
    expect(mirror.put('/a/2', text('a', '2'))).toMatchObject([
      { type: 'put', service: { nodes: [{ id: '2' }] } },
    ]);
    const [changed, ...more] = mirror.put('/a/1', text('a', '1', 2));
    expect(more).toEqual([]);
    expect(changed).toMatchObject({ type: 'put', service: { nodes: [{ id: '1', address: '127.0.0.1:2' }] } });
    expect(mirror.remove('/a/1')).toEqual([{ type: 'remove', name: 'a', ids: ['1'] }]);
    expect(mirror.remove('/a/1')).toEqual([]);
  });

  test('tells nothing where a key has what it had', () => {
    const mirror = recordMirror('test', 'a');
    mirror.list([['/a/1', text('a', '1')]]);
    expect(mirror.put('/a/1', text('a', '1'))).toEqual([]);
  });

  test('a list forgets what it does not have', () => {
    const mirror = recordMirror('test', 'a');
    mirror.list([['/a/1', text('a', '1')]]);
    expect(mirror.list([])).toEqual({ type: 'list', name: 'a', services: [] });
    expect(mirror.remove('/a/1')).toEqual([]);
  });

  test('leaves out other services whose key looks alike, and tells when one takes a key over', () => {
    const mirror = recordMirror('test', 'a/b');
    mirror.list([
      ['/a-b/1', text('a/b', '1')],
      ['/a-b/2', text('a-b', '2')],
    ]);
    expect(mirror.put('/a-b/3', text('a-b', '3'))).toEqual([]);
    expect(mirror.put('/a-b/1', text('a-b', '1'))).toEqual([{ type: 'remove', name: 'a/b', ids: ['1'] }]);
  });

  test('of everything, it tells that a key went from one service to another', () => {
    const mirror = recordMirror('test', undefined);
    mirror.list([['/1', text('a', '1')]]);
    expect(mirror.put('/1', text('b', '1'))).toMatchObject([
      { type: 'remove', name: 'a', ids: ['1'] },
      { type: 'put', service: { name: 'b' } },
    ]);
  });

  test('reports once what it cannot read, and takes what was there for gone', () => {
    const warnings: string[] = [];
    const stop = onBackground(({ event, subject }) => {
      if (event === 'plugin.warning') warnings.push(subject);
    });
    const mirror = recordMirror('test', 'a');
    mirror.list([
      ['/a/1', text('a', '1')],
      ['/a/2', 'no json'],
    ]);
    expect(mirror.put('/a/2', 'no json')).toEqual([]);
    expect(mirror.put('/a/1', '{}')).toEqual([{ type: 'remove', name: 'a', ids: ['1'] }]);
    stop();
    expect(warnings).toEqual(['registry test: /a/2 is no service', 'registry test: /a/1 is no service']);
  });

  test('what it tells cannot be changed', () => {
    const list = recordMirror('test', 'a').list([['/a/1', text('a', '1')]]);
    expect(list.type === 'list' && Object.isFrozen(list.services) && Object.isFrozen(list.services[0])).toBe(
      true,
    );
  });
});
