import type { IncomingHttpHeaders } from 'node:http2';
import { MicroError } from '@micro/core';

const units: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };
const form = /^([0-9]{1,8})([HMSmun])$/;
/** The number in front of the unit has at most eight digits. */
const most = 99_999_999;

/** What is left of a deadline, as `grpc-timeout` has it (grpc/grpc: doc/PROTOCOL-HTTP2.md). */
export function writeTimeout(remainingMs: number): string {
  const micros = Math.max(1, Math.floor(remainingMs * 1_000));
  if (micros <= most) return `${micros}u`;
  const millis = Math.floor(remainingMs);
  return millis <= most ? `${millis}m` : `${Math.min(most, Math.floor(remainingMs / 1_000))}S`;
}

/** The smaller of `grpc-timeout` and go-micro's `timeout` in ns; 0: none. Throws `bad_request` for what gRPC cannot read. */
export function readTimeout(headers: IncomingHttpHeaders): number {
  const own = headers['grpc-timeout'];
  const nanos = headers.timeout;
  let remainingMs = 0;
  if (own !== undefined) {
    const found = form.exec(String(own));
    if (found === null)
      throw new MicroError('bad_request', `grpc-timeout "${String(own)}" is not a number and a unit`);
    remainingMs = Math.max(Number(found[1]) * (units[found[2] ?? ''] ?? 1), 1e-6);
  }
  // what is no number is no deadline there
  if (typeof nanos !== 'string' || !/^[0-9]{1,19}$/.test(nanos)) return remainingMs;
  const goMs = Math.max(1, Number(nanos)) / 1e6;
  return remainingMs === 0 ? goMs : Math.min(remainingMs, goMs);
}
