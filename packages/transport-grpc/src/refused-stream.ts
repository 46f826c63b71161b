import type { MicroError, OutgoingStream, StreamSink } from '@micro/core';

/** A stream that was not opened: it fails in a moment, for `open` has to return first. */
export function refusedStream(stream: OutgoingStream, error: MicroError): StreamSink {
  let left = false;
  process.nextTick(() => {
    if (!left) stream.fail(error, 'no');
  });
  const nothing = (): void => undefined;
  return {
    write: () => true,
    end: nothing,
    abort() {
      left = true;
    },
    pause: nothing,
    resume: nothing,
  };
}
