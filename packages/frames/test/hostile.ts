import type { FrameOptions } from '../src/limits.ts';
import { call, callHead, flag, frame, greeting, hello, target, type, u32 } from './raw.ts';

export const start: readonly Buffer[] = [greeting, hello(), target(1), target(2, 'Test.bidi')];
export const stream: number = 0x80000000;
export const open = (slot: number, ref = 2): Buffer => frame(type.open, stream + slot, callHead(ref));
export const many = (count: number, make: (index: number) => Buffer): Buffer[] =>
  Array.from({ length: count }, (_, index) => make(index));
export const codes = { protocol: 1, tooLarge: 2, version: 3, flow: 4, flood: 5 } as const;

/** What a client may not send, and why the server says that it ends the connection. */
export const hostile: readonly {
  readonly name: string;
  readonly bytes: readonly Buffer[];
  readonly reason: keyof typeof codes;
  readonly text: RegExp;
}[] = [
  { name: 'a frame longer than any', bytes: [u32(262_145)], reason: 'tooLarge', text: /262145 bytes/ },
  { name: 'a length of 4 GiB', bytes: [u32(0xffffffff)], reason: 'tooLarge', text: /4294967295 bytes/ },
  { name: 'a length that is shorter than a head', bytes: [u32(5)], reason: 'protocol', text: /5 bytes/ },
  { name: 'a length of nothing', bytes: [u32(0)], reason: 'protocol', text: /0 bytes/ },
  { name: 'an unknown type', bytes: [frame(17)], reason: 'protocol', text: /type 17/ },
  { name: 'a header, from a client', bytes: [frame(type.header)], reason: 'protocol', text: /type 16/ },
  { name: 'type 0', bytes: [frame(0)], reason: 'protocol', text: /type 0/ },
  { name: 'unknown flags', bytes: [frame(type.ping, 0, '', 16)], reason: 'protocol', text: /flags 16/ },
  { name: 'a second greeting', bytes: [hello()], reason: 'protocol', text: /type 1 / },
  {
    name: 'an answer, from a client',
    bytes: [frame(type.reply, 0, 'x')],
    reason: 'protocol',
    text: /type 5/,
  },
  { name: 'a target out of order', bytes: [target(4)], reason: 'protocol', text: /target 4/ },
  { name: 'a target twice', bytes: [target(2)], reason: 'protocol', text: /target 2/ },
  {
    name: 'a target without a name',
    bytes: [frame(type.target, 3, 'x')],
    reason: 'protocol',
    text: /target 3/,
  },
  {
    name: 'more targets than are remembered',
    bytes: many(7, (index) => target(index + 3)),
    reason: 'protocol',
    text: /target 9/,
  },
  { name: 'a call of no known target', bytes: [call(0, 'x', 9)], reason: 'protocol', text: /head of a call/ },
  { name: 'a call without its head', bytes: [frame(type.call, 0, 'x')], reason: 'protocol', text: /head/ },
  {
    name: 'a target in a call, longer than the frame',
    bytes: [frame(type.call, 0, Buffer.concat([callHead(0), Buffer.of(0xff, 0xff), Buffer.from('a\0b\0c')]))],
    reason: 'protocol',
    text: /head of a call/,
  },
  {
    name: 'metadata that are longer than the frame',
    bytes: [call(0, Buffer.of(0, 9, 1), 1, flag.metadata)],
    reason: 'protocol',
    text: /head of a call/,
  },
  { name: 'a call beyond the table', bytes: [call(99, 'x')], reason: 'protocol', text: /call 99/ },
  {
    name: 'more calls than are allowed',
    bytes: many(65, (index) => call(index, 'x', 1)),
    reason: 'protocol',
    text: /call 64/,
  },
  { name: 'a call id in use', bytes: [call(0, 'x'), call(0, 'y')], reason: 'protocol', text: /call 0 / },
  {
    name: 'a slot in use',
    bytes: [call(0, 'x'), call(1 << 20, 'y')],
    reason: 'protocol',
    text: /call 1048576/,
  },
  {
    name: 'a stream by the id of a call',
    bytes: [frame(type.open, 0, callHead(2))],
    reason: 'protocol',
    text: /stream 0/,
  },
  { name: 'a stream twice', bytes: [open(0), open(0)], reason: 'protocol', text: /stream 2147483648/ },
  { name: 'a stream far out in the table', bytes: [open(9)], reason: 'protocol', text: /stream 2147483657/ },
  {
    name: 'a stream with a body',
    bytes: [frame(type.open, stream, Buffer.concat([callHead(2), Buffer.of(1)]))],
    reason: 'protocol',
    text: /without a body/,
  },
  {
    name: 'a message on no stream',
    bytes: [frame(type.message, stream, 'x')],
    reason: 'protocol',
    text: /no stream/,
  },
  {
    name: 'a message behind the end',
    bytes: [open(0), frame(type.end, stream), frame(type.message, stream, 'x')],
    reason: 'protocol',
    text: /behind the end/,
  },
  {
    name: 'two ends',
    bytes: [open(0), frame(type.end, stream), frame(type.end, stream)],
    reason: 'protocol',
    text: /type 10/,
  },
  {
    name: 'an end inside a message',
    bytes: [open(0), frame(type.message, stream, 'x', flag.more), frame(type.end, stream)],
    reason: 'protocol',
    text: /type 10/,
  },
  {
    name: 'two messages inside each other',
    bytes: [
      open(0),
      frame(type.message, stream, 'x', flag.more),
      frame(type.message, stream, 'x', flag.more),
    ],
    reason: 'protocol',
    text: /in parts/,
  },
  {
    name: 'five long bodies at once',
    bytes: many(5, (index) => call(index, 'x', 1, flag.more)),
    reason: 'protocol',
    text: /in parts/,
  },
  {
    name: 'a body over the limit',
    bytes: [call(0, 'x'.repeat(1001))],
    reason: 'tooLarge',
    text: /more than 1000/,
  },
  {
    name: 'a body over the limit in parts',
    bytes: [call(0, 'x'.repeat(600), 1, flag.more), frame(type.part, 0, 'x'.repeat(600))],
    reason: 'tooLarge',
    text: /more than 1000/,
  },
  {
    name: 'messages without credit',
    bytes: [open(0), ...many(70, () => frame(type.message, stream, 'x'.repeat(1000)))],
    reason: 'flow',
    text: /credit/,
  },
  {
    name: 'credit of nothing',
    bytes: [open(0), frame(type.credit, stream, u32(0))],
    reason: 'flow',
    text: /credit/,
  },
  {
    name: 'credit beyond all numbers',
    bytes: [open(0), frame(type.credit, stream, u32(0xffffffff))],
    reason: 'flow',
    text: /credit/,
  },
  {
    name: 'credit without a number',
    bytes: [open(0), frame(type.credit, stream, 'x')],
    reason: 'protocol',
    text: /type 12/,
  },
  {
    name: 'a flood of pings',
    bytes: many(101, (index) => frame(type.ping, index)),
    reason: 'flood',
    text: /100 pings/,
  },
  {
    name: 'a flood of cancels',
    bytes: many(201, () => frame(type.cancel, 1)),
    reason: 'flood',
    text: /200 calls/,
  },
  {
    name: 'a flood of streams that are opened and left',
    bytes: many(300, () => Buffer.concat([open(0), frame(type.reset, stream)])),
    reason: 'flood',
    text: /opened|left/,
  },
];

/** The limits that those pass. */
export const tight: FrameOptions = {
  maxBodyBytes: 1000,
  maxCalls: 64,
  maxStreams: 16,
  maxTargets: 8,
  windowBytes: 65_536,
  maxPings: 100,
  maxOpens: 100,
  maxCancels: 200,
  handshakeTimeoutMs: 200,
  writeTimeoutMs: 1000,
};
