import { putU16, putU32, u16, u32 } from './bytes.ts';
import type { Limits } from './limits.ts';

/** What a peer says of itself in its HELLO. */
export interface Greeting {
  readonly maxBodyBytes: number;
  readonly maxCalls: number;
  readonly maxStreams: number;
  readonly maxTargets: number;
  readonly windowBytes: number;
  /** 1: it reads the metadata of answers. */
  readonly replyMetadata: number;
  /** The calling service; `''` from a server, and from a client that is none. */
  readonly service: string;
}

type Setting = Exclude<keyof Greeting, 'service'>;
/** Numbers of the settings, each a u32; and of the service, a text. */
const settings: readonly Setting[] = [
  'maxBodyBytes',
  'maxCalls',
  'maxStreams',
  'maxTargets',
  'windowBytes',
  'replyMetadata',
];
const serviceKey = 16;
/** What a peer that does not say allows: the least that it may. */
const least: Greeting = {
  maxBodyBytes: 65_536,
  maxCalls: 1,
  maxStreams: 0,
  maxTargets: 0,
  windowBytes: 65_536,
  replyMetadata: 0,
  service: '',
};
const maxService = 1024;

/** The body of a HELLO: settings, each u8 key, u16 length, value. */
export function encodeGreeting(limits: Limits, service: string): Uint8Array {
  const name = Buffer.from(service);
  const bytes = Buffer.alloc(settings.length * 7 + (service === '' ? 0 : 3 + name.length));
  let at = 0;
  for (const [index, setting] of settings.entries()) {
    bytes[at] = index + 1;
    putU16(bytes, at + 1, 4);
    putU32(bytes, at + 3, setting === 'replyMetadata' ? 1 : limits[setting]);
    at += 7;
  }
  if (service !== '') {
    bytes[at] = serviceKey;
    putU16(bytes, at + 1, name.length);
    name.copy(bytes, at + 3);
  }
  return bytes;
}

/** Undefined for a body that is none. Keys that are not known are passed over. */
export function decodeGreeting(bytes: Buffer, from: number, to: number): Greeting | undefined {
  const greeting: Record<Setting, number> & { service: string } = { ...least };
  let at = from;
  while (at < to) {
    if (to - at < 3) return undefined;
    const key = bytes[at] ?? 0;
    const size = u16(bytes, at + 1);
    const start = at + 3;
    at = start + size;
    if (at > to) return undefined;
    const setting = settings[key - 1];
    if (setting !== undefined) {
      if (size !== 4) return undefined;
      greeting[setting] = Math.min(u32(bytes, start), 0x3fffffff);
    } else if (key === serviceKey) {
      if (size > maxService) return undefined;
      greeting.service = bytes.toString('utf8', start, at);
    }
  }
  return greeting;
}
