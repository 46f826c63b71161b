import { createService } from '@micro/core';
import { asChild, me, tell } from './child.ts';
import { Greeted, serviceName } from './contract.ts';
import './plugins.ts';

const queue = process.argv[2];
const seen: number[] = [];
const service = createService({
  name: `${serviceName}-${me}`,
  hooks: {
    afterStart: () =>
      tell({ ready: true }, queue ? `shares the events of queue "${queue}"` : 'sees every event'),
    afterStop: () => tell({ seen }, `stopped after ${seen.length} events`),
  },
});

service.subscribe(
  Greeted,
  ({ n }) => {
    seen.push(n);
  },
  { queue },
);

setInterval(() => tell({ count: seen.length }), 100).unref();
await asChild(service.run());
