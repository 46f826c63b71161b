import { MicroError } from '@micro/core';

/** The server's answer; rejects with `unavailable` when it does not come in time. What it does then concerns nobody. */
export async function answered<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const silent = new MicroError('unavailable', `rabbitmq: no answer within ${timeoutMs} ms`);
    timer = setTimeout(() => reject(silent), timeoutMs);
  });
  answer.catch(() => {
    // late, it was told as silence
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
