import { runServiceProcess } from '@micro/conformance';
import { natsRegistry } from '../src/index.ts';

await runServiceProcess((address) => natsRegistry({ address }));
