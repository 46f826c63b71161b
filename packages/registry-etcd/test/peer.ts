import { runServiceProcess } from '@micro/conformance';
import { etcdRegistry } from '../src/index.ts';

await runServiceProcess((address) => etcdRegistry({ address }));
