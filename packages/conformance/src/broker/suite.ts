import type { Broker } from '@micro/core';
import { nothingLeft, resources } from '../leaks.ts';
import type { Suite } from '../suite.ts';
import { deliveryCases } from './delivery.ts';
import type { BrokerCase, BrokerHarness } from './harness.ts';
import { publish, subscribe } from './inbox.ts';
import { lifetimeCases } from './lifetime.ts';
import { outageCases } from './outage.ts';
import { verdictCases } from './verdicts.ts';

const leaksNothing: BrokerCase = {
  name: 'leaves no socket, timer or listener after close',
  async run(scope) {
    const warm = await scope.create(); // what a library makes once for the process is not a leak
    await publish(warm, scope.unique(), ['x']);
    await warm.close();
    using before = resources();
    const broker = await scope.create();
    const topic = scope.unique();
    const inbox = await subscribe(scope, broker, topic);
    await subscribe(scope, broker, topic); // left to close()
    await publish(broker, topic, ['x']);
    await inbox.gets(['x']);
    await inbox.subscription.stop();
    await broker.close();
    await nothingLeft(before, scope.harness.patienceMs);
  },
};

/** What every broker has to do, as far as it declares it; and what it lacks, it has to refuse. */
export const brokerSuite: Suite<BrokerHarness, Broker> = {
  kind: 'broker',
  cases: [...deliveryCases, ...verdictCases, ...lifetimeCases, ...outageCases, leaksNothing],
};
