import assert from 'node:assert/strict';
import { eventually, within } from '../eventually.ts';
import { rejects } from '../expectations.ts';
import type { BrokerCase, BrokerHarness } from './harness.ts';
import { message, publish, subscribe } from './inbox.ts';

const asks: readonly (keyof BrokerHarness & string)[] = ['breakBackend', 'restoreBackend'];

/** The backend goes away and comes back. */
export const outageCases: readonly BrokerCase[] = [
  {
    name: 'rejects with unavailable while the backend is down, and works when it is back',
    asks,
    async run(scope) {
      const broker = await scope.create();
      const fresh = await scope.create(); // has never been connected
      const topic = scope.unique();
      await broker.publish(topic, [message('before')]);
      scope.defer(() => scope.harness.restoreBackend?.());
      await scope.harness.breakBackend?.();
      for (const one of [broker, fresh]) {
        await rejects(one.publish(topic, [message('lost')]), 'unavailable', 30_000);
        await rejects(subscribe(scope, one, scope.unique()), 'unavailable', 30_000);
      }
      await scope.harness.restoreBackend?.();
      for (const one of [broker, fresh]) {
        await eventually(() => one.publish(topic, [message('after')]), { timeoutMs: 30_000 });
      }
    },
  },
  {
    name: 'a subscription tells that the backend is lost, and comes back by itself',
    asks,
    async run(scope) {
      const [broker, publisher] = [await scope.create(), await scope.create()];
      const topic = scope.unique();
      const inbox = await subscribe(scope, broker, topic);
      await publish(publisher, topic, ['before']);
      await inbox.gets(['before']);
      scope.defer(() => scope.harness.restoreBackend?.());
      await scope.harness.breakBackend?.();
      await eventually(() => !inbox.subscription.active && inbox.errors.length > 0, { timeoutMs: 45_000 });
      await scope.harness.restoreBackend?.();
      await eventually(() => inbox.subscription.active, { timeoutMs: 45_000 });
      await eventually(() => publish(publisher, topic, ['after']), { timeoutMs: 30_000 });
      await eventually(() => assert.ok(inbox.texts.includes('after')), { timeoutMs: 30_000 });
    },
  },
  {
    name: 'can be closed while the backend is down',
    asks,
    async run(scope) {
      const broker = await scope.create();
      await subscribe(scope, broker, scope.unique());
      scope.defer(() => scope.harness.restoreBackend?.());
      await scope.harness.breakBackend?.();
      await within(broker.close(), 20_000, 'close()');
    },
  },
];
