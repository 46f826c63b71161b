// A service in a process of its own: what it does is written to stdout, what it is to do is read from stdin.
import { createInterface } from 'node:readline';
import { contract, createService, isMicroError, rpc, type } from '../src/index.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const orders = createInterface(process.stdin);
process.stdin.unref(); // only the service may keep the process alive
let finish = (): void => undefined;

const Work = contract('peer', 'Work', {
  wait: rpc({ request: type<object>(), response: type<string>() }),
  quick: rpc({ request: type<object>(), response: type<string>() }),
});
const how = process.argv[2];
const service = createService({
  name: 'peer',
  argv: process.argv.slice(3),
  leaveMs: 0,
  hooks: {
    beforeStart() {
      say('beforeStart');
      if (how === 'fail') throw new Error('cannot start today');
      if (how === 'stuck') return new Promise(() => undefined);
      return undefined;
    },
    afterStart: () => say('running'),
    beforeStop: () => say('beforeStop'),
    afterStop: () => say('afterStop'),
  },
});
service.handle(Work, {
  quick: () => 'taken',
  wait: (_, { signal }) =>
    new Promise((resolve) => {
      say('begun');
      finish = () => resolve('done');
      signal.addEventListener('abort', () => say('aborted'));
    }),
});
const work = service.client.of(Work);

const complain = (error: unknown): void =>
  say(isMicroError(error) ? `${error.code} ${error.delivered}` : String(error));
async function untilRefused(): Promise<void> {
  const { address } = service; // as a caller that has not learnt yet
  try {
    while ((await work.quick({}, { retries: 0, address })) === 'taken') await new Promise(setImmediate);
  } catch (error) {
    complain(error);
  }
}

orders.on('line', (order) => {
  if (order === 'ping') say('pong');
  if (order === 'finish') finish();
  if (order === 'call') void work.wait({}, { retries: 0 }).then(say, complain);
  if (order === 'call until refused') void untilRefused();
});

await service.run();
say(`ran ${service.state} ${process.listenerCount('SIGTERM') + process.listenerCount('SIGINT')}`);
