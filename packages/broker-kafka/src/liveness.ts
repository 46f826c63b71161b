import { MicroError } from '@micro/core';

/** Whether the servers have been heard of lately; what the library takes for connected may be silent for long. */
export interface Liveness {
  readonly alive: boolean;
  /** They were heard. */
  live(): void;
  lost(): void;
  close(): void;
}

const lookingMs = 500;

/** After `silentMs` without a sign they are lost, which `onError` is told. */
export function makeLiveness(silentMs: number, onError: (error: MicroError) => void): Liveness {
  let aliveAt: number | undefined;
  const watching = setInterval(() => {
    if (aliveAt === undefined || performance.now() - aliveAt < silentMs) return;
    aliveAt = undefined;
    onError(new MicroError('unavailable', `kafka: nothing heard from the servers for ${silentMs} ms`));
  }, lookingMs);
  return {
    get alive() {
      return aliveAt !== undefined;
    },
    live() {
      aliveAt = performance.now();
    },
    lost() {
      aliveAt = undefined;
    },
    close: () => clearInterval(watching),
  };
}
