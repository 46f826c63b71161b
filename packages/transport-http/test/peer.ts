import { runPeer } from '@micro/conformance';
import { httpTransport } from '../src/index.ts';

await runPeer(() => httpTransport());
