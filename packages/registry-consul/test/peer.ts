import { runServiceProcess } from '@micro/conformance';
import { consulRegistry } from '../src/index.ts';

await runServiceProcess((address) => consulRegistry({ address }));
