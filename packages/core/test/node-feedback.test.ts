import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import {
  contract,
  type MicroClient,
  type NodeFilter,
  onBackground,
  rpc,
  type Selector,
  type,
} from '../src/index.ts';
import { Node } from '../src/nodes.ts';
import { remoteError } from '../src/plugin.ts';
import { client, later } from './fleet.ts';
import { record, scriptedRegistry } from './scripted-registry.ts';
import {
  type Answer,
  refused,
  type Script,
  type ScriptedTransport,
  scriptedTransport,
} from './scripted-transport.ts';

const Store = contract('store', 'Store', {
  get: rpc({ request: type<string>(), response: type<string>(), idempotent: true }),
});

interface Fleet {
  readonly client: MicroClient;
  readonly get: (options?: object) => Promise<string>;
  readonly transport: ScriptedTransport;
  readonly sent: string[];
  readonly nodes: Map<string, Node>;
}

/** Nodes `a`, `b` ... behind a scripted transport; `nodes` has them once a call was made. */
function fleet(
  names: readonly string[],
  answer: Answer,
  more: Partial<Script> = {},
  selector?: Selector,
): Fleet {
  const sent: string[] = [];
  const nodes = new Map<string, Node>();
  const transport = scriptedTransport((call, connection) => {
    sent.push(connection.address);
    answer(call, connection);
  }, more);
  const registry = scriptedRegistry(() => [record('store', names)]);
  const made = client({ transport, registry, ...(selector && { selector }) });
  const see: NodeFilter = (node) => {
    if (node instanceof Node) nodes.set(node.id, node);
    return true;
  };
  const get = (options: object = {}): Promise<string> => made.of(Store).get('x', { filter: see, ...options });
  return { client: made, get, transport, sent, nodes };
}

const roundRobin: Selector = {
  name: 'in-turn',
  strategy: () => {
    let turn = 0;
    return { pick: (nodes) => nodes[turn++ % nodes.length] ?? Node.prototype };
  },
};

describe('what calls teach about nodes', () => {
  test('a node that refuses once is out at once, and comes back by one trial call', async () => {
    let down = true;
    const held: (() => void)[] = [];
    const { get, sent, nodes } = fleet(['a', 'b'], (call, { address }) => {
      if (address === 'b:1') call.done('b');
      else if (down) call.fail(refused(), 'no');
      else held.push(() => call.done('a'));
    });
    while (!sent.includes('a:1')) await get();
    sent.length = 0;
    for (let n = 0; n < 50; n++) await get();
    expect(sent).toEqual(Array(50).fill('b:1'));
    down = false;
    await eventually(async () => {
      void get();
      return sent.includes('a:1');
    });
    sent.length = 0;
    for (let n = 0; n < 50; n++) await get();
    expect(sent).toEqual(Array(50).fill('b:1')); // one trial at a time
    held.pop()?.();
    expect(nodes.get('a')).toMatchObject({ outUntil: 0, strikes: 0 });
  });

  test('many calls lost with one connection are one strike', async () => {
    const under: (() => void)[] = [];
    const { get, nodes } = fleet(
      ['a', 'b'],
      (call, { address }) => {
        if (address === 'b:1') call.done('b');
        else under.push(() => call.fail(remoteError('unavailable', 'lost'), 'maybe'));
      },
      {},
      roundRobin,
    );
    const calls = Array.from({ length: 40 }, () => get());
    await eventually(() => under.length === 20);
    for (const lose of under) lose();
    await Promise.all(calls);
    expect(nodes.get('a')?.strikes).toBe(1);
    expect((nodes.get('a')?.outUntil ?? 0) - performance.now()).toBeLessThan(1_300);
  });

  test('each failed trial doubles the time that a node stays out', async () => {
    const { get, nodes } = fleet(['a', 'b'], (call, { address }) => {
      if (address === 'b:1') call.done('b');
      else call.fail(refused(), 'no');
    });
    await eventually(async () => {
      await get();
      return nodes.get('a')?.strikes === 2;
    });
    const left = (nodes.get('a')?.outUntil ?? 0) - performance.now();
    expect(left).toBeGreaterThan(1_300);
    expect(left).toBeLessThan(2_600);
  });

  test('when all nodes are out they are tried all the same', async () => {
    let down = true;
    const { get, sent } = fleet(['a', 'b'], (call) => (down ? call.fail(refused(), 'no') : call.done('ok')));
    const plain = { filter: undefined };
    await expect(get(plain)).rejects.toMatchObject({ code: 'unavailable' });
    expect(new Set(sent).size).toBe(2);
    down = false;
    await expect(get({ ...plain, retries: 0 })).resolves.toBe('ok');
  });

  test('a filter that keeps only nodes that are out still gets one', async () => {
    const { get, sent, client } = fleet(['a', 'b'], (call, { address }) =>
      address === 'a:1' ? call.fail(refused(), 'no') : call.done('ok'),
    );
    while (!sent.includes('a:1')) await get();
    sent.length = 0;
    const onlyA: NodeFilter = ({ id }) => id === 'a';
    await expect(client.of(Store).get('x', { filter: onlyA, retries: 0 })).rejects.toMatchObject({
      message: 'connection refused',
    });
    expect(sent).toEqual(['a:1']);
  });

  test('errors of the application do not put a node out', async () => {
    const { get, nodes } = fleet(['a', 'b'], (call) => call.fail(remoteError('unavailable', 'mine'), 'yes'));
    await expect(get()).rejects.toMatchObject({ message: 'mine' });
    expect([...nodes.values()].map(({ strikes }) => strikes)).toEqual([0, 0]);
  });

  test('five calls in a row without a reply put a node out, and any answer ends the row', async () => {
    let answers = false;
    const { get, nodes } = fleet(
      ['a', 'b'],
      (call, { address }) => {
        if (address === 'b:1') call.done('b');
        else if (answers) call.fail(remoteError('internal', 'answered'), 'yes');
      },
      {},
      roundRobin,
    );
    const late = async (times: number): Promise<void> => {
      for (let n = 0; n < times; n++) {
        await Promise.allSettled([get({ timeoutMs: 5 }), get({ timeoutMs: 1_000 })]);
      }
    };
    await late(4);
    expect(nodes.get('a')).toMatchObject({ timeouts: 4, outUntil: 0 });
    answers = true;
    await late(1);
    expect(nodes.get('a')?.timeouts).toBe(0);
    answers = false;
    await late(4);
    expect(nodes.get('a')?.outUntil).toBe(0);
    await late(1);
    expect(nodes.get('a')?.outUntil).toBeGreaterThan(0);
  });

  test('a node that is leaving is avoided while there is another', async () => {
    const { get, sent, transport } = fleet(['a', 'b'], (call) => call.done('ok'));
    while (new Set(sent).size < 2) await get();
    transport.to('a:1').state = 'leaving';
    sent.length = 0;
    for (let n = 0; n < 30; n++) await get();
    expect(sent).toEqual(Array(30).fill('b:1'));
    transport.to('b:1').state = 'leaving';
    await expect(get()).resolves.toBe('ok');
  });

  test('a node whose address cannot be read is left out, and harms nobody', async () => {
    const { get, sent } = fleet(['a', 'b'], (call) => call.done('ok'), { unreadable: /^a/ });
    for (let n = 0; n < 30; n++) await expect(get({ timeoutMs: 200 })).resolves.toBe('ok');
    expect(sent).toEqual(Array(30).fill('b:1'));
    const alone = fleet(['a'], () => undefined, { unreadable: /^a/ });
    await expect(alone.get({ timeoutMs: 200 })).rejects.toMatchObject({
      message: 'cannot read the address "a:1"',
    });
  });

  test('a filter that throws fails its call alone, once', async () => {
    const { get, transport } = fleet(['a', 'b'], (call) => call.done('ok'));
    const broken: NodeFilter = () => {
      throw new RangeError('a broken filter');
    };
    await expect(get({ filter: broken, timeoutMs: 20 })).rejects.toThrow('a broken filter');
    const patient = scriptedRegistry(() => [record('store', ['a', 'b'])]);
    const other = client({ transport, registry: patient });
    await expect(other.of(Store).get('x', { filter: broken, timeoutMs: 20 })).rejects.toThrow(
      'a broken filter',
    );
    await expect(other.of(Store).get('x')).resolves.toBe('ok');
    expect(patient.begun).toBe(1);
  });

  test('the filter is asked once for a list of nodes, not for every call', async () => {
    const { client } = fleet(['a', 'b', 'c'], (call) => call.done('ok'));
    let asked = 0;
    const filter: NodeFilter = () => ++asked > 0;
    for (let n = 0; n < 20; n++) await client.of(Store).get('x', { filter });
    expect(asked).toBe(3);
  });

  test('a filter that keeps nothing is told so', async () => {
    const { client } = fleet(['a'], (call) => call.done('ok'));
    await expect(client.of(Store).get('x', { filter: () => false, retries: 0 })).rejects.toMatchObject({
      code: 'not_found',
      message: 'service "store" has no node that the filter keeps',
    });
  });

  test('with the selector hash a key stays with its node', async () => {
    const { transport } = fleet([], () => undefined);
    transport.script.answer = (call, { address }) => call.done(address);
    const registry = scriptedRegistry(() => [record('store', ['a', 'b', 'c', 'd'])]);
    const hashed = client({ transport, registry, selector: 'hash' });
    const seen = new Set<string>();
    for (const key of ['k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8']) {
      const owners = new Set<string>();
      for (let n = 0; n < 10; n++) owners.add(await hashed.of(Store).get('x', { key }));
      expect(owners.size).toBe(1);
      for (const owner of owners) seen.add(owner);
    }
    expect(seen.size).toBeGreaterThan(1);
  });

  test('calls under way are counted, and none is left in any ending', async () => {
    const endings: Answer[] = [
      (call) => call.done('ok'),
      (call) => call.fail(remoteError('internal', 'x'), 'yes'),
      (call) => call.fail(refused(), 'no'),
      (call) => call.fail(remoteError('unavailable', 'x'), 'maybe'),
      () => undefined,
    ];
    let turn = 0;
    const { get, nodes } = fleet(['a', 'b'], (call, connection) => endings[turn++ % 5]?.(call, connection));
    const calls = Array.from({ length: 100 }, (_, n) =>
      get(n % 3 === 0 ? { timeoutMs: 20, signal: AbortSignal.timeout(10) } : { timeoutMs: 20 }),
    );
    await eventually(() => [...nodes.values()].some(({ pending }) => pending > 0));
    await Promise.allSettled(calls);
    expect([...nodes.values()].map(({ pending }) => pending)).toEqual([0, 0]);
  });

  test('a message that cannot be written leaves nothing behind', async () => {
    const { transport, nodes } = fleet([], () => undefined);
    const see: NodeFilter = (node) => {
      if (node instanceof Node) nodes.set(node.id, node);
      return true;
    };
    const registry = scriptedRegistry(() => [record('store', ['a', 'b'])]);
    const bytes = client({ transport: { ...transport, carries: 'bytes' }, registry });
    await expect(bytes.call('store', 'Store.Get', 1n, { filter: see })).rejects.toMatchObject({
      code: 'bad_request',
    });
    expect([...nodes.values()].map(({ pending }) => pending)).toEqual([0, 0]);
  });

  test('putting out and coming back are reported', async () => {
    const events: string[] = [];
    later(async () => stop());
    const stop = onBackground(({ event, subject }) => {
      if (event.startsWith('node.')) events.push(`${event} ${subject}`);
    });
    let down = true;
    const { get } = fleet(['a'], (call) => (down ? call.fail(refused(), 'no') : call.done('ok')));
    await get({ retries: 0 }).catch(() => undefined);
    down = false;
    await get();
    expect(events).toEqual([
      'node.added store a a:1',
      'node.ejected store a a:1',
      'node.restored store a a:1',
    ]);
  });
});
