import {
  type Acceptor,
  type Delivered,
  type Listener,
  type Metadata,
  MicroError,
  type ReplyMetadata,
  type Route,
  report,
} from '@micro/core';
import { orAborted, RouteCache, remoteError } from '@micro/core/plugin';
import type { Answers, Carrier, Listening, Received } from './carrier.ts';
import { creditKey } from './connection.ts';
import { idOf, marks } from './header.ts';
import { contentTypeOf, SessionCall } from './incoming-call.ts';
import { ServerStream } from './server-stream.ts';
import type { SessionSettings } from './settings.ts';

const maxHeads = 64;
const maxEnded = 1024;

/** The server's half of a transport at one address. */
export class SessionListener implements Listener {
  readonly metadata: Metadata = Object.freeze({ [creditKey]: 'bytes' });
  readonly carrier: Answers<unknown>;
  readonly settings: SessionSettings;
  address = '';
  private readonly acceptor: Acceptor;
  private readonly onClosed: () => void;
  private readonly works = new Map<string, SessionCall | ServerStream>();
  private readonly streams = new Set<ServerStream>();
  private readonly routes: RouteCache;
  private readonly heads = new Map<string, unknown>();
  /** Streams that have ended lately: what still comes for them opens nothing. */
  private readonly endedKeys = new Set<string>();
  private untold: Received[] = [];
  private listening: Listening | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closing: Promise<void> | undefined;

  constructor(
    carrier: Answers<unknown>,
    settings: SessionSettings,
    acceptor: Acceptor,
    onClosed: () => void,
  ) {
    this.carrier = carrier;
    this.settings = settings;
    this.acceptor = acceptor;
    this.routes = new RouteCache(acceptor);
    this.onClosed = onClosed;
  }

  get active(): boolean {
    return this.carrier.up && this.closing === undefined;
  }

  /** Takes what comes to the address. Who does not start it gives it messages by `receive`. */
  async start(
    carrier: Carrier<unknown>,
    address: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.listening = await carrier.listen(address, (message) => this.receive(message), signal);
    this.address = this.listening.address;
    this.timer = setInterval(() => this.check(), this.settings.probeIntervalMs).unref();
  }

  receive(message: Received): void {
    const { header, session } = message;
    if (session === '') {
      report(
        'transport.protocol_error',
        this.address,
        new MicroError('bad_request', 'a message without a reply address'),
      );
      return;
    }
    const key = `${message.key ?? session} ${idOf(header)}`;
    const known = this.works.get(key);
    if (known !== undefined) {
      if (known instanceof ServerStream) known.receive(message);
      else if (header.get('Micro-Error') !== undefined) known.cancel();
      return;
    }
    // an end, a leaving, a further message of what is over
    if (header.get('Micro-Error') || header.get(marks.more) !== undefined || this.endedKeys.has(key)) return;
    if (this.closing !== undefined) this.refuse(message, this.gone(), 'no');
    else if (this.works.size >= this.settings.maxIncoming) {
      const refused = new MicroError('overloaded', `${this.works.size} calls are under way (maxIncoming)`);
      this.refuse(message, refused, 'no');
    } else this.accept(key, message);
  }

  private accept(key: string, message: Received): void {
    const route = this.route(message);
    try {
      // a stale stream id, which Go handlers forward with their metadata, makes no stream of a unary endpoint
      if (route.kind !== 'unary' && message.header.get('Micro-Stream') !== undefined) {
        const stream = new ServerStream(this, key, message, route);
        this.works.set(key, stream);
        this.streams.add(stream);
        stream.begin(this.acceptor.stream(route, stream));
      } else {
        const call = new SessionCall(this, key, message, route);
        this.works.set(key, call);
        call.work = this.acceptor.call(route, call);
      }
    } catch (cause) {
      const error = MicroError.from(cause, 'bad_request');
      report('transport.protocol_error', this.address, error);
      this.refuse(message, error, 'no');
    }
  }

  /** An answer that is an error; what cannot leave is lost, as the connection is. */
  refuse(message: Received, error: MicroError, delivered: Delivered, metadata?: ReplyMetadata): void {
    try {
      const head = this.answerHead(contentTypeOf(message));
      this.carrier.respond(
        message.session,
        head,
        SessionCall.fields(message, error, delivered, metadata),
        '',
      );
    } catch (cause) {
      report('plugin.warning', this.address, cause);
    }
  }

  answerHead(contentType: string): unknown {
    let head = this.heads.get(contentType);
    if (head === undefined) {
      head = this.carrier.head(['Content-Type', contentType]);
      if (this.heads.size < maxHeads) this.heads.set(contentType, head);
    }
    return head;
  }

  /** Whether the call was still under way. */
  over(call: SessionCall): boolean {
    return this.works.delete(call.key);
  }

  streamOver(stream: ServerStream): void {
    this.works.delete(stream.key);
    this.streams.delete(stream);
    this.endedKeys.add(stream.key);
    const [oldest] = this.endedKeys;
    if (this.endedKeys.size > maxEnded && oldest !== undefined) this.endedKeys.delete(oldest);
  }

  private route(message: Received): Route {
    const { header } = message;
    const endpoint = header.get('Micro-Endpoint') || header.get('Micro-Method') || '';
    return this.routes.route(header.get('Micro-Service') ?? '', endpoint, contentTypeOf(message));
  }

  /** The connection to the message system is lost: no answer can leave, so the work ends. */
  lost(): void {
    this.untold = [...this.works.values()].map(({ opening }) => opening);
    this.end(this.cut());
  }

  /** Callers that have kept their connection are told now. */
  back(): void {
    for (const message of this.untold.splice(0)) this.refuse(message, this.cut(), 'maybe');
  }

  /** A message to a client came back. */
  undelivered(token: string): void {
    for (const stream of this.streams) if (stream.token === token) stream.left();
  }

  room(): void {
    for (const stream of this.streams) stream.room();
  }

  drain(): void {
    // nobody has a connection to us; what still comes goes to the acceptor, which refuses it
  }

  close(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    this.closing ??= this.stop();
    return orAborted(this.closing, options.signal);
  }

  private async stop(): Promise<void> {
    clearInterval(this.timer);
    this.end(this.gone());
    await this.listening?.stop();
    if (this.carrier.up) await this.carrier.settled?.();
    this.onClosed();
  }

  private end(error: MicroError): void {
    for (const work of [...this.works.values()]) {
      if (work instanceof ServerStream) work.stop(error);
      else work.end(error);
    }
  }

  /** Streams of clients that have gone without a word. */
  private check(): void {
    for (const stream of this.streams) {
      if (!stream.ours) continue;
      if (!stream.quiet) {
        stream.quiet = true;
        continue;
      }
      void this.carrier.present?.(stream.session).then((present) => {
        if (!present && stream.quiet) stream.left();
      });
    }
  }

  private cut(): MicroError {
    const text = `the listener at "${this.address}" had lost the message system`;
    return remoteError('unavailable', text, { id: 'go.micro.transport' });
  }

  private gone(): MicroError {
    return remoteError('unavailable', `the listener at "${this.address}" is closed`, {
      id: 'go.micro.transport',
    });
  }
}
