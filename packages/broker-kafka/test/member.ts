import { runMember } from '@micro/conformance';
import { kafkaBroker } from '../src/index.ts';

await runMember((address) => kafkaBroker({ address, partitions: 4, sessionMs: 3_000 }));
