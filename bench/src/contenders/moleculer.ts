import moleculerModule from 'moleculer';
import type { Contender, Message } from '../contender.ts';

const { ServiceBroker } = moleculerModule;
let broker: InstanceType<typeof ServiceBroker> | undefined;

/** Moleculer's in-process call, with its defaults: no transporter, no validation, no metrics. */
export const moleculer: Contender = {
  async serve(work) {
    const started = new ServiceBroker({ logger: false });
    started.createService({
      name: 'bench',
      actions: { call: (ctx: { params: Message }) => work.handle(ctx.params) },
    });
    await started.start();
    broker = started;
    return { address: 'bench.call', close: () => started.stop() };
  },
  async connect(address) {
    const from = broker;
    if (from === undefined) throw new Error('Moleculer calls inside the process: serve first');
    return { call: (request) => from.call(address, request), close: async () => undefined };
  },
};
