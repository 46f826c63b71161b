import { afterAll, describe, expect, test } from '@jest/globals';
import {
  brokerSuite,
  codecSuite,
  type Harness,
  registrySuite,
  runSuite,
  type Suite,
  selectorSuite,
  transportSuite,
} from '../src/index.ts';
import { brokerDoubles, honestBroker } from './doubles/brokers.ts';
import { codecDoubles, honestCodec } from './doubles/codecs.ts';
import { caseOf, type Double, leaked } from './doubles/double.ts';
import { honestRegistry, registryDoubles } from './doubles/registries.ts';
import { honestSelectors, selectorDoubles } from './doubles/selectors.ts';
import { honestTransport } from './doubles/transport-breaks.ts';
import { transportDoubles } from './doubles/transports.ts';

afterAll(() => {
  for (const timer of leaked) clearInterval(timer);
});

function table<H extends Harness<P>, P extends object>(
  suite: Suite<H, P>,
  honest: readonly H[],
  doubles: readonly Double<H>[],
): void {
  describe(`the ${suite.kind} suite`, () => {
    test.each(honest.map((harness) => [harness.name, harness] as const))(
      'lets the honest %s pass',
      async (_, harness) => {
        const outcomes = await runSuite(suite, harness);
        expect(outcomes.filter(({ status }) => status === 'failed')).toEqual([]);
      },
      120_000,
    );

    test.each(doubles.map((double) => [double.name, double] as const))(
      'catches one that %s',
      async (_, double) => {
        const { name } = caseOf(suite, double.caughtBy);
        const outcomes = await runSuite(suite, double.harness, { only: name });
        expect(outcomes.map(({ name, status }) => `${status}: ${name}`)).toEqual([`failed: ${name}`]);
      },
      120_000,
    );
  });
}

table(registrySuite, [honestRegistry], registryDoubles);
table(brokerSuite, [honestBroker], brokerDoubles);
table(transportSuite, [honestTransport], transportDoubles);
table(codecSuite, [honestCodec], codecDoubles);
table(selectorSuite, honestSelectors, selectorDoubles);
