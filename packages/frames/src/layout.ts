/** The bytes of docs/wire-tcp.md: what is written here is written there, with reasons. */
export const version = 1;
/** Both sides begin with it. No HTTP method starts with a zero, and neither TLS nor gob does. */
export const preface: Uint8Array = Uint8Array.of(0, 0x6d, 0x69, 0x63, 0x72, 0x6f, 0x2f, version);
/** The protocol's name in TLS (ALPN), and in HTTP's `Upgrade`. */
export const protocolName = 'micro-frames/1';

/** Types of frames. */
export const HELLO = 1;
export const TARGET = 2;
export const CALL = 3;
export const PART = 4;
export const REPLY = 5;
export const ERROR = 6;
export const CANCEL = 7;
export const OPEN = 8;
export const MESSAGE = 9;
export const END = 10;
export const RESET = 11;
export const CREDIT = 12;
export const PING = 13;
export const PONG = 14;
export const GOAWAY = 15;
export const HEADER = 16;

/** Flags. The body is text, of ASCII characters only. */
export const ASCII = 1;
/** Metadata stands before the body, in one block or two. */
export const METADATA = 2;
/** The body goes on in further frames. */
export const MORE = 4;
/** Of an error: the handler has not seen the request. */
export const UNDELIVERED = 8;
export const knownFlags = 15;

/** u32 length of what follows, u8 type, u8 flags, u32 id. */
export const headBytes = 10;
/** u16 reference to a target, u32 milliseconds that are left. */
export const callBytes = 6;
/** Length of a frame without its own four bytes. No peer may send a longer one. */
export const maxFrame = 262_144;
/** A block of text has its length in two bytes before it. */
export const maxBlock = 65_535;
/** The text of an ERROR; a message that makes it longer is cut. */
export const maxErrorText = 32_768;
/** Of all targets that a client sends on a connection, in characters. */
export const maxTargetText = 262_144;
/** A body over this goes in parts. In characters for a text, which is at most three times as many bytes. */
export const maxInline = 32_768;
export const partBytes = 65_536;
/** Bodies in parts that are under way at once, in each direction. */
export const maxPartial = 4;
/** Added to the bytes of each message, so that empty ones are not free. */
export const messageCost = 16;

/** 20 bits of slot; above it 11 bits that change with each use, so that what comes late finds nobody. */
export const slotMask = 0xfffff;
export const nextUse = 0x100000;
export const useMask = 0x7ff00000;
/** The topmost bit: the id is a stream's. As a signed number such an id is negative. */
export const streamBit = 0x80000000;

/** Of a GOAWAY: the sender goes on answering what comes. */
export const answersAll = 0xffffffff;

/** Why a connection ends: the codes of GOAWAY. */
export const reasons = {
  leaving: 0,
  protocol: 1,
  tooLarge: 2,
  version: 3,
  flow: 4,
  flood: 5,
  timeout: 6,
} as const;
export type Reason = keyof typeof reasons;
