import { expect, test } from '@jest/globals';
import { makeEnsureTopic } from '../src/topics.ts';

/** An admin that answers the first question as kafkajs does when it shares an answer of before the topic was there. */
function admin(known: (asked: number) => boolean) {
  let asked = 0;
  return {
    createTopics: async () => true,
    async fetchTopicOffsets() {
      const found = known(++asked) ? [{ partitions: [] }] : [];
      const { partitions } = found.pop() as { readonly partitions: [] };
      return partitions;
    },
    asked: () => asked,
  };
}

test('a topic that the library does not know yet is waited for, as long as anything is', async () => {
  const settings = { partitions: 1, replicas: 1, timeoutMs: 60_000 };
  const late = admin((asked) => asked > 2);
  await makeEnsureTopic(async () => late, settings)('late');
  expect(late.asked()).toBe(3);
  const never = admin(() => false);
  const waiting = makeEnsureTopic(async () => never, { ...settings, timeoutMs: 30 })('never');
  await expect(waiting).rejects.toThrow("'partitions'");
});
