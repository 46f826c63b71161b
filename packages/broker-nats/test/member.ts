import { runMember } from '@micro/conformance';
import { natsBroker } from '../src/index.ts';

await runMember((address) => natsBroker({ address, redeliverAfterMs: 2_000 }));
