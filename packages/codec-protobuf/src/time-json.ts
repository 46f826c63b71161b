import { own } from './complete.ts';
import type { AnyMessageType } from './field.ts';
import { PathError } from './path-error.ts';
import { describe } from './scalars.ts';

// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z (google/protobuf/timestamp.proto)
const [firstSecond, lastSecond] = [-62_135_596_800n, 253_402_300_799n];
// About 10,000 years (google/protobuf/duration.proto)
const longest = 315_576_000_000n;
const billion = 1_000_000_000;

interface Instant {
  readonly seconds: bigint;
  readonly nanos: number;
}

function instantOf(message: object): Instant {
  return { seconds: BigInt(String(own(message, 'seconds') ?? 0)), nanos: Number(own(message, 'nanos') ?? 0) };
}

/** As the fields of the type want it. */
function madeOf(type: AnyMessageType, { seconds, nanos }: Instant): object {
  return { seconds: type.fields()[0]?.text64 ? String(seconds) : seconds, nanos };
}

/** None, three, six or nine digits. */
function fraction(nanos: number): string {
  if (nanos === 0) return '';
  return `.${String(nanos)
    .padStart(9, '0')
    .replace(/(?:000){1,2}$/, '')}`;
}

function checkTimestamp({ seconds, nanos }: Instant): void {
  if (seconds < firstSecond || seconds > lastSecond || nanos < 0 || nanos >= billion)
    throw new PathError(`a timestamp of ${seconds} s and ${nanos} ns is outside the years 1 to 9999`, []);
}

export function writeTimestamp(message: object): string {
  const instant = instantOf(message);
  checkTimestamp(instant);
  const date = new Date(Number(instant.seconds) * 1000).toISOString();
  return `${date.slice(0, -5)}${fraction(instant.nanos)}Z`;
}

const rfc3339 = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([-+])(\d\d):(\d\d))$/;

/** `undefined`: an object of seconds and nanos, as Go's plain JSON has it. */
export function readTimestamp(json: unknown, type: AnyMessageType): object | undefined {
  if (typeof json === 'object' && json !== null) return undefined;
  const [all, day = '', time = '', digits = '', sign, hours = '0', minutes = '0'] =
    rfc3339.exec(String(json)) ?? [];
  const ms = Date.parse(`${day}T${time}Z`);
  if (
    typeof json !== 'string' ||
    all === undefined ||
    Number.isNaN(ms) ||
    new Date(ms).toISOString().slice(0, 10) !== day
  )
    throw new PathError(`${describe(json)} is no time of RFC 3339`, []);
  const offset = (Number(hours) * 60 + Number(minutes)) * 60 * (sign === '-' ? -1 : 1);
  const instant = { seconds: BigInt(ms / 1000 - offset), nanos: Number(digits.padEnd(9, '0')) };
  checkTimestamp(instant);
  return madeOf(type, instant);
}

function checkDuration({ seconds, nanos }: Instant): void {
  const tooLong = seconds > longest || seconds < -longest || Math.abs(nanos) >= billion;
  if (tooLong || (seconds > 0n && nanos < 0) || (seconds < 0n && nanos > 0))
    throw new PathError(`${seconds} s and ${nanos} ns are no duration`, []);
}

export function writeDuration(message: object): string {
  const instant = instantOf(message);
  checkDuration(instant);
  const { seconds, nanos } = instant;
  const sign = seconds < 0n || nanos < 0 ? '-' : '';
  return `${sign}${seconds < 0n ? -seconds : seconds}${fraction(Math.abs(nanos))}s`;
}

export function readDuration(json: unknown, type: AnyMessageType): object | undefined {
  if (typeof json === 'object' && json !== null) return undefined;
  const [all, sign, whole = '', digits = ''] = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(String(json)) ?? [];
  if (all === undefined) throw new PathError(`${describe(json)} is no duration, like "1.5s"`, []);
  const [seconds, nanos] = [BigInt(whole), Number(digits.padEnd(9, '0'))];
  // Not 0n times -1: there is no negative zero among bigints, but one among numbers
  const instant = sign === '' ? { seconds, nanos } : { seconds: -seconds, nanos: nanos === 0 ? 0 : -nanos };
  checkDuration(instant);
  return madeOf(type, instant);
}
