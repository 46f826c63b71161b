import { runMember } from '@micro/conformance';
import { rabbitmqBroker } from '../src/index.ts';

await runMember((address) => rabbitmqBroker({ address, heartbeatMs: 2_000 }));
