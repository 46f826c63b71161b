import { type Body, MicroError, type OutgoingStream } from '@micro/core';
import { eos, isAny, isJson, remoteError } from '@micro/core/plugin';
import type { Fields, Header, Received } from './carrier.ts';
import type { SessionConnection } from './connection.ts';
import { bytesOf, deliveredBy, errorOf, marks, saidBy } from './header.ts';
import type { Slot } from './slots.ts';
import { StreamEnd } from './stream-end.ts';

/** A peer that has not said by then that it counts is a Go server, which knows no credit. */
const acceptMs = 1000;
/** How often a Go server is asked whether it has ended. */
const leastEndMs = 100;
const mostEndMs = 5000;

/** A stream of a client: a session of its own (go-micro v4: client/rpc_stream.go). */
export class ClientStream extends StreamEnd {
  readonly stream: OutgoingStream;
  slot: Slot | undefined;
  private readonly connection: SessionConnection;
  private readonly early: { readonly fields: Fields; readonly body: Body | undefined }[] = [];
  /** The opening has reached the message system, and was not sent back. */
  private opened = false;
  private heard = false;
  /** A message, an end or an error has come. */
  private begun = false;
  /** The server takes no more. */
  private deaf = false;
  private leaving = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(connection: SessionConnection, stream: OutgoingStream) {
    const { windowBytes, maxQueuedBytes } = connection.client.settings;
    super(stream.target.contentType, stream.target.text, windowBytes, maxQueuedBytes);
    this.connection = connection;
    this.stream = stream;
    this.start(stream);
  }

  /** Sends the opening; what was written before follows once it has not come back. Throws when it cannot leave. */
  open(slot: Slot): void {
    const { connection, stream } = this;
    this.slot = slot;
    const window = String(connection.client.settings.windowBytes);
    // the body of the first message means nothing to go-micro: the first request is the second message
    const body = isJson(stream.target.contentType) ? '{}\n' : '';
    connection.sendFor(slot, stream, ['Micro-Stream', slot.id, marks.window, window], body);
    void connection.client.carrier.settled().then(() => this.flush());
  }

  private flush(): void {
    if (this.over) return;
    this.opened = true;
    for (const { fields, body } of this.early.splice(0)) {
      try {
        this.send(fields, body);
      } catch (error) {
        this.fault(MicroError.from(error));
        return;
      }
    }
    if (this.silent && !this.connection.counts) {
      this.timer = setTimeout(() => {
        if (this.heard || this.over) return;
        this.counting(undefined);
        this.heard = true;
        if (this.ended) this.awaitEnd();
      }, acceptMs);
    }
    this.room();
  }

  protected send(fields: Fields, body: Body | undefined): void {
    const { slot, connection } = this;
    if (this.deaf) return;
    if (!this.opened || slot === undefined) {
      this.early.push({ fields, body });
      return;
    }
    connection.sendMore(slot, this.stream.target, fields, body);
  }

  protected get full(): boolean {
    const { carrier } = this.connection.client;
    return this.slot === undefined ? carrier.full : (carrier.isFull?.(this.slot.session) ?? carrier.full);
  }

  receive(header: Header, message: Received): void {
    const error = header.get('Micro-Error');
    const credit = header.get(marks.credit) === undefined ? undefined : bytesOf(header, marks.credit);
    const first = !this.heard;
    this.heard = true;
    if (first) this.counting(credit);
    else if (credit !== undefined) this.granted(credit);
    if (first && this.silent && this.ended) this.awaitEnd();
    if (credit !== undefined) return;
    const { header: ahead, trailer } = (this.stream.wantsMetadata && saidBy(header)) || {};
    if (!this.begun && !this.over && isAny(ahead)) this.stream.header?.(ahead);
    this.begun = true;
    const failure = error === eos ? undefined : errorOf(header);
    if (failure !== undefined)
      this.last((receiver) => receiver.fail(failure, deliveredBy(header), { trailer }));
    else if (error === eos) this.last((receiver) => receiver.end({ trailer }));
    else {
      this.take(message);
      // a Go server that was told the end of our side does not tell its own
      if (this.silent && this.stream.kind === 'client-stream') this.last((receiver) => receiver.end());
    }
  }

  /** The server has ended: it takes no more, and its last word is told after what came before. */
  private last(tell: (receiver: OutgoingStream) => void): void {
    this.deaf = true;
    this.conclude(() => {
      this.leave(false);
      tell(this.stream);
    });
  }

  /** A message came back: nobody is there, or not any more. */
  undelivered(error: MicroError): void {
    this.lose(error, this.opened ? 'maybe' : 'no');
  }

  /** The end from outside. */
  lose(error: MicroError, delivered: 'no' | 'maybe'): void {
    this.leaving = true;
    this.break(error, delivered);
  }

  /** The session has ended: where the server was told our end, that is its own. */
  closed(error: MicroError | undefined, delivered: 'no' | 'maybe'): void {
    if (error === undefined && this.ended && this.silent) this.last((receiver) => receiver.end());
    else this.lose(error ?? endedBy(this.connection.address), delivered);
  }

  end(): void {
    if (this.over || this.ended) return;
    // one request is all that a server stream has, and a Go server that is told so does not tell the stream's end
    if (this.stream.kind === 'server-stream') this.ended = true;
    else {
      this.sendEnd(['Connection', 'close']);
      if (this.heard && this.silent) this.awaitEnd();
    }
  }

  /**
   * A Go server that was told our end does not tell its own. Told to close, it ends the session once its handler has
   * returned (go-micro v5: server/rpc_server.go), and only then answers something else in that session.
   */
  private awaitEnd(wait = leastEndMs): void {
    if (this.stream.kind !== 'bidi') return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const { slot, connection } = this;
      if (this.over || slot === undefined) return;
      connection.askEnd(slot, this.stream.target, this.endId);
      this.awaitEnd(Math.min(2 * wait, mostEndMs));
    }, wait);
  }

  private get endId(): string {
    return `${this.slot?.id}-end`;
  }

  /** An answer in our session that is none of the stream's. */
  foreign(id: string): void {
    if (this.ended && this.silent && id === this.endId) this.last((receiver) => receiver.end());
  }

  abort(): void {
    this.connection.client.refusals.forget(this.stream);
    this.leave(true);
  }

  /** It was never sent: the caller is told in a moment. */
  refuse(error: MicroError): void {
    if (this.over) return;
    this.connection.client.refusals.add(this.stream, error);
    this.leave(false);
  }

  private leave(early: boolean): void {
    this.leaving = early;
    this.finish();
  }

  protected finished(): void {
    clearTimeout(this.timer);
    this.early.length = 0;
    this.connection.streamOver(this, this.leaving && !this.deaf);
  }
}

/** What a stream or call fails with where nobody listens. */
export function nobody(address: string): MicroError {
  return remoteError('unavailable', `nobody listens at "${address}"`, { id: 'go.micro.transport' });
}

/** What it fails with where the server has ended the session, and not the call. */
export function endedBy(address: string): MicroError {
  return remoteError('unavailable', `the server at "${address}" has ended the session`, {
    id: 'go.micro.transport',
  });
}
