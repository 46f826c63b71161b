import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '@micro/conformance';
import type { Lane, Language } from '../lane.ts';
import type { Peer } from '../peer-process.ts';
import type { Greetings } from '../protocol.ts';
import type { Check, Meeting } from './check.ts';

const parallel = 4;
const phaseMs = 2_500;
const languages: readonly Language[] = ['go', 'ts'];

/** Three Go greeters and three of ours under one name; the client of the direction calls all the time. */
export const fleet: readonly Check[] = [
  {
    name: 'calls are shared by all six greeters, and none fails',
    async run({ lane, from }) {
      const { client, service } = await sixAndOne(lane, from);
      assertAllAnswered(await under(client, service, () => pause(phaseMs)));
    },
  },
  {
    name: 'one greeter of ours is stopped under load, and no call fails',
    run: (meeting) => stopUnderLoad(meeting, 'ts'),
  },
  {
    name: 'one Go greeter is stopped under load, and no call fails',
    run: (meeting) => stopUnderLoad(meeting, 'go'),
  },
  {
    name: 'one Go greeter and one of ours are killed under load, and no call fails',
    async run({ lane, from }) {
      const { client, service, greeters } = await sixAndOne(lane, from);
      const all = await under(client, service, async () => {
        await pause(500);
        await Promise.all(languages.map((language) => greeters[language][0]?.kill()));
        await pause(phaseMs);
      });
      assertAllAnswered(all);
    },
  },
];

interface Fleet {
  readonly client: Peer;
  readonly service: string;
  readonly greeters: Readonly<Record<Language, readonly Peer[]>>;
}

async function sixAndOne(lane: Lane, from: Language): Promise<Fleet> {
  const service = lane.unique('greeter');
  const client = await lane.start(from, { name: lane.unique('client') });
  const three = (language: Language): Promise<Peer[]> =>
    Promise.all(Array.from({ length: 3 }, () => lane.start(language, { name: service })));
  const [go = [], ts = []] = await Promise.all(languages.map(three));
  // go-micro caches what it found for a minute: all must be there before the first call.
  await eventually(async () => {
    const found = await client.ask('lookup', { service });
    return found?.flatMap(({ nodes }) => nodes ?? []).length === 6;
  });
  return { client, service, greeters: { go, ts } };
}

async function stopUnderLoad({ lane, from }: Meeting, language: Language): Promise<void> {
  const { client, service, greeters } = await sixAndOne(lane, from);
  const all = await under(client, service, async () => {
    await pause(500);
    await greeters[language][0]?.stop();
    await pause(phaseMs);
  });
  assertAllAnswered(all);
}

async function under(client: Peer, service: string, work: () => Promise<void>): Promise<Greetings> {
  await client.ask('load', { service, parallel });
  await work();
  return client.ask('endLoad');
}

/** What a call says that met a node which was leaving or gone, in go-micro's words. */
const lost = [
  'connection refused',
  'connection reset',
  'broken pipe',
  'EOF',
  'malformed MIME header',
  'no responders',
];

/** By each of the six, those that went away meanwhile included. */
function assertAllAnswered({ answered, wrong, failures, by }: Greetings): void {
  const texts = Object.keys(failures);
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
  const kinds = new Set(texts.map((text) => lost.find((kind) => text.includes(kind)) ?? text));
  assert.equal(wrong, 0, 'answers of other calls');
  assert.equal(Object.keys(by).length, 6, `answered by ${JSON.stringify(by)}`);
  // Where failures are known they are the share of the dead, two of six, and no more
  assert.ok(failed <= answered, `most calls failed: ${[...kinds].sort().join(', ')}`);
  assert.ok(failed === 0, `${failed} of ${answered + failed} calls failed: ${[...kinds].sort().join(', ')}`);
}
