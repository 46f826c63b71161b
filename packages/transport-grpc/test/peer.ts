import { runPeer } from '@micro/conformance';
import { grpcTransport } from '../src/index.ts';

await runPeer(() => grpcTransport());
