// A service of your own imports the plugins it is made of, a line each: import '@micro/registry-mdns'. This example
// takes them by name, so that it runs with any: MICRO_REGISTRY=etcd MICRO_BROKER=nats npm start
import { chosen } from './chosen.ts';

await Promise.all(
  Object.entries(chosen)
    .filter(([, name]) => name !== 'memory')
    .map(([kind, name]) => import(`@micro/${kind}-${name}`)),
);
