import { MicroError } from '@micro/core';
import { inTime } from '@micro/core/plugin';

/** The server's answer; rejects with `unavailable` when it does not come in time. What it does then concerns nobody. */
export function answered<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  const silent = `rabbitmq: no answer within ${timeoutMs} ms`;
  return inTime(answer, timeoutMs, () => new MicroError('unavailable', silent));
}
