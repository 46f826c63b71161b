import { runPeer } from '@micro/conformance';
import { rabbitmqTransport } from '../src/index.ts';

/** Written into the bundle by the test that starts it. */
declare const serverUrl: string;

await runPeer(() => rabbitmqTransport({ address: serverUrl, probeIntervalMs: 500 }));
