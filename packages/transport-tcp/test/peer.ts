import { runPeer } from '@micro/conformance';
import { tcpTransport } from '../src/index.ts';

await runPeer(() => tcpTransport());
