import type { Transport } from '@micro/core';
import { noListeners, nothingLeft, resources } from '../leaks.ts';
import type { Suite } from '../suite.ts';
import { dial } from './client.ts';
import { failureCases } from './failures.ts';
import type { TransportCase, TransportHarness, TransportScope } from './harness.ts';
import { lifetimeCases } from './lifetime.ts';
import { replyMetadataCases } from './reply-metadata.ts';
import { serve } from './server.ts';
import { streamFailureCases } from './stream-failures.ts';
import { streamCases } from './streams.ts';
import { throughCoreCases } from './through-core.ts';
import { unaryCases } from './unary.ts';

/** A call, a failed one and a stream, with some left open; then everything is closed. */
async function use(scope: TransportScope, signal: AbortSignal): Promise<void> {
  const server = await serve(scope, { stream: ({ from }) => void from.write('hello') }, { signal });
  const client = await dial(scope, server.address);
  await client.call('x');
  if (client.transport.features.has('streams')) {
    const stream = client.open('bidi');
    stream.write('hello');
    await scope.eventually(() => stream.bodies.length === 1);
  }
  await client.transport.close();
  await server.transport.close();
}

const leaksNothing: TransportCase = {
  name: 'leaves no socket, timer or listener after close',
  async run(scope) {
    const { signal } = new AbortController();
    await use(scope, signal); // what a library makes once for the process is not a leak
    using before = resources();
    await use(scope, signal);
    await nothingLeft(before, scope.harness.patienceMs);
    noListeners(signal);
  },
};

/** What every transport has to do: held against the seam alone, and at the end under core's client and server. */
export const transportSuite: Suite<TransportHarness, Transport> = {
  kind: 'transport',
  cases: [
    ...unaryCases,
    ...replyMetadataCases,
    ...failureCases,
    ...streamCases,
    ...streamFailureCases,
    ...lifetimeCases,
    ...throughCoreCases,
    leaksNothing,
  ],
};
