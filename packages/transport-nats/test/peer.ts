import { runPeer } from '@micro/conformance';
import { natsTransport } from '../src/index.ts';

/** Written into the bundle by the test that starts it. */
declare const serverUrl: string;

await runPeer(() => natsTransport({ address: serverUrl, probeIntervalMs: 500 }));
