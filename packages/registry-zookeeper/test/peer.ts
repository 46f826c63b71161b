import { runServiceProcess } from '@micro/conformance';
import { zookeeperRegistry } from '../src/index.ts';

await runServiceProcess((address, ttlMs) => zookeeperRegistry({ address, sessionTimeoutMs: ttlMs / 8 }));
