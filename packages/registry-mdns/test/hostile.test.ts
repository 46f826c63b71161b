import { deflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { eventually } from '@micro/conformance';
import { counters } from '@micro/core';
import { encodeAnnouncement } from '../src/packet.ts';
import { follow, groupForEachTest, peer, record, registry, ttlMs } from './group.ts';

groupForEachTest();

describe('hostile messages', () => {
  test('are counted, change nothing, and are not even read when they are not about our domain', async () => {
    const ours = registry();
    const service = record('greeter', [['a', '127.0.0.1:1']]);
    await ours.register(service, { ttlMs });
    const watch = follow(ours, undefined);
    await eventually(() => watch.changes.length === 1);
    const domain = Buffer.from('\x05micro\0');
    const node = { instance: 'b.greeter.micro', target: 'h', host: '127.0.0.1', port: 1 };
    const bomb =
      deflateSync(Buffer.alloc(4 << 20))
        .toString('hex')
        .match(/.{1,255}/g) ?? [];
    const before = counters()['transport.protocol_error'] ?? 0;
    const counted = [
      domain,
      Buffer.concat([Buffer.alloc(12, 255), domain]),
      encodeAnnouncement({ ...node, text: ['zz'] }, 9),
      encodeAnnouncement({ ...node, text: bomb }, 9),
    ];
    for (const bytes of counted) await peer.say(bytes);
    await eventually(() => counters()['transport.protocol_error'] === before + counted.length);
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(600, 255), Buffer.from('\x05other\0')])
      await peer.say(bytes);
    expect(await ours.getService('greeter')).toEqual([service]);
    expect(counters()['transport.protocol_error']).toBe(before + counted.length);
    expect(watch.changes).toHaveLength(1);
    await watch.stop();
  });
});
