import {
  type Body,
  type Delivered,
  type IncomingStream,
  type Metadata,
  MicroError,
  type Peer,
  type ReplyMetadata,
  type Route,
  type StreamReceiver,
  type StreamSink,
} from '@micro/core';
import { eos } from '@micro/core/plugin';
import type { Fields, Received } from './carrier.ts';
import {
  bytesOf,
  errorFields,
  errorOf,
  idFields,
  idOf,
  marks,
  readMetadata,
  remainingMs,
  saidBeside,
  saidFields,
} from './header.ts';
import { contentTypeOf, peerOf } from './incoming-call.ts';
import type { SessionListener } from './listener.ts';
import { StreamEnd } from './stream-end.ts';

let lastToken = 0;

/** A stream as a server has it: a session of the client's (go-micro v4: server/rpc_stream.go). */
export class ServerStream extends StreamEnd implements IncomingStream {
  readonly key: string;
  readonly opening: Received;
  readonly remainingMs: number;
  /** What comes back is told under this. */
  readonly token: string = `stream-${++lastToken}`;
  /** Nothing has come since the last check. */
  quiet = false;
  /** The client is one of ours, and can be asked whether it is there. */
  readonly ours: boolean;
  private readonly listener: SessionListener;
  private readonly fields: Fields;
  private readonly kind: Route['kind'];
  /** Goes with what is sent first. */
  private first: Fields = [];
  private heard = false;
  private readonly early: Received[] = [];
  private begun = false;

  constructor(listener: SessionListener, key: string, opening: Received, route: Route) {
    const { windowBytes, maxQueuedBytes } = listener.settings;
    super(contentTypeOf(opening), route.text, windowBytes, maxQueuedBytes);
    this.listener = listener;
    this.key = key;
    this.opening = opening;
    this.kind = route.kind;
    const { header } = opening;
    this.remainingMs = remainingMs(header);
    this.fields = [...idFields(idOf(header)), 'Micro-Stream', header.get('Micro-Stream') ?? ''];
    this.ours = header.get(marks.window) !== undefined;
  }

  get sink(): StreamSink {
    return this;
  }

  get metadata(): Metadata {
    return readMetadata(this.opening.header);
  }

  get peer(): Peer {
    return peerOf(this.opening);
  }

  get session(): string {
    return this.opening.session;
  }

  /** What follows at once is told a moment later: `Acceptor.stream` has to return first. */
  begin(receiver: StreamReceiver): void {
    const { header } = this.opening;
    // not by the mark of the opening: Go sends the header of an opening back
    if (this.ours) this.tryToSend([marks.credit, String(this.listener.settings.windowBytes)], '');
    this.counting(this.ours ? bytesOf(header, marks.window) : undefined);
    queueMicrotask(() => {
      this.begun = true;
      this.start(receiver);
      for (const message of this.early.splice(0)) this.receive(message);
    });
  }

  /** A message of the client: an item, the end of its side, an error, or its leaving. */
  receive(message: Received): void {
    if (!this.begun) {
      this.early.push(message);
      return;
    }
    this.quiet = false;
    const { header } = message;
    if (header.get(marks.cancel) !== undefined) this.left();
    else if (header.get(marks.credit) !== undefined) this.granted(bytesOf(header, marks.credit));
    else if (!this.heard) this.item(message);
    // Go's word for leaving: behind the one request of a server stream it cannot mean anything else
    else if (this.kind === 'server-stream' && header.get('Micro-Error') === eos) this.left();
  }

  private item(message: Received): void {
    const text = message.header.get('Micro-Error');
    const error = text === eos ? undefined : errorOf(message.header);
    if (error !== undefined) {
      this.heard = true;
      this.conclude((receiver) => {
        this.finish();
        receiver.fail(error, 'yes');
      });
      return;
    }
    if (text !== eos) this.take(message);
    // Go's clients cannot end their side of a stream: one request is all there is
    if (text !== eos && this.kind !== 'server-stream') return;
    this.heard = true;
    this.conclude((receiver) => receiver.end());
  }

  /** The client has left, or is gone. */
  left(): void {
    this.break(new MicroError('canceled', 'the client has left the stream'), 'maybe');
  }

  /** The listener ends. */
  stop(error: MicroError): void {
    if (this.over) return;
    this.tryToSend(errorFields(error, 'maybe'), '');
    this.break(error, 'maybe');
  }

  header(metadata: Metadata): void {
    if (this.over) return;
    try {
      this.first = saidFields({ header: metadata });
    } catch (error) {
      this.fault(MicroError.from(error));
    }
  }

  end(metadata?: ReplyMetadata): void {
    if (this.over) return;
    try {
      const trailer = saidFields({ trailer: metadata?.trailer });
      this.tryToSend(['Micro-Error', eos, 'X-Micro-Error', eos, ...trailer], '');
      this.finish();
    } catch (error) {
      this.fault(MicroError.from(error));
    }
  }

  abort(error: MicroError, delivered: Delivered = 'yes', metadata?: ReplyMetadata): void {
    if (this.over) return;
    const trailer = saidBeside(metadata && { trailer: metadata.trailer });
    this.tryToSend([...errorFields(error, delivered), ...trailer], '');
    this.finish();
  }

  protected send(fields: Fields, body: Body | undefined): void {
    const { carrier } = this.listener;
    const { first } = this;
    // with a message, an end or an error
    const all = fields[0] === marks.credit ? [] : first;
    if (all === first) this.first = [];
    const head = this.listener.answerHead(contentTypeOf(this.opening));
    // Go's client would take a probe for an answer: of it, we learn by a message that comes back
    carrier.respond(
      this.session,
      head,
      [...this.fields, ...all, ...fields],
      body ?? '',
      this.ours ? undefined : this.token,
    );
  }

  protected get full(): boolean {
    return this.listener.carrier.full;
  }

  protected finished(): void {
    this.listener.streamOver(this);
  }
}
