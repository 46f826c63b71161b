import { MicroError } from './errors.ts';
import { type Metadata, mergeMetadata, noMetadata } from './metadata.ts';

/** What a server says besides its messages, as a transport carries it. */
export interface ReplyMetadata {
  /** Ahead of the first message. */
  readonly header?: Metadata | undefined;
  /** With the end, also with an error. */
  readonly trailer?: Metadata | undefined;
}

/** The metadata of an answer, as handlers and middleware have it. */
export interface Reply extends Required<ReplyMetadata> {
  /** Adds to the header. Throws `bad_request` once a stream's first message has left. */
  setHeader(add: Metadata): void;
  /** Adds to the trailer. */
  setTrailer(add: Metadata): void;
}

/** An answer's metadata while it is made, or as it came. */
export class ReplyDraft implements Reply {
  header: Metadata = noMetadata;
  trailer: Metadata = noMetadata;
  /** The header has left. */
  begun = false;

  setHeader(add: Metadata): void {
    if (this.begun) throw new MicroError('bad_request', 'the header has left with the first message');
    this.header = mergeMetadata(this.header, add);
  }

  setTrailer(add: Metadata): void {
    this.trailer = mergeMetadata(this.trailer, add);
  }
}

/** Whether there is anything in it. */
export function isAny(metadata: Metadata | undefined): metadata is Metadata {
  for (const _ in metadata) return true;
  return false;
}
