import { createService } from '@micro/core';
import { asChild, me, tell } from './child.ts';
import { Greeter, serviceName } from './contract.ts';
import './plugins.ts';

let greeted = 0;
const service = createService({
  name: serviceName,
  id: me,
  hooks: {
    afterStart: ({ address }) => tell({ ready: true }, `listens on ${address}`),
    beforeStop: () => tell({}, 'leaves the registry, finishes what it has'),
    afterStop: () => tell({}, `stopped after ${greeted} greetings`),
  },
});

service.handle(Greeter, {
  hello({ name }) {
    greeted++;
    return { msg: `Hello ${name}`, from: me };
  },
  sign: () => ({ from: me }),
  async *count({ to }) {
    for (let n = 1; n <= to; n++) yield { n, from: me };
  },
  async *chat(messages) {
    for await (const { say } of messages) yield { said: `${say.toUpperCase()}!`, from: me };
  },
});

await asChild(service.run());
