import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** A socket without a kernel, for a million connections in a few seconds: takes everything that is written. */
class MemorySocket extends Duplex {
  bytesWritten = 0;
  constructor() {
    super({ allowHalfOpen: false, autoDestroy: true });
  }
  override _read(): void {}
  override _write(chunk: Uint8Array, _encoding: string, callback: () => void): void {
    this.bytesWritten += chunk.byteLength;
    callback();
  }
  destroySoon(): void {
    this.destroy();
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

export function memorySocket(): Socket {
  // the members that a session uses
  return new MemorySocket() as unknown as Socket;
}
