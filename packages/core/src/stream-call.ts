import { Attempts } from './attempts.ts';
import type { CallOptions } from './context.ts';
import { MicroError } from './errors.ts';
import { just } from './handling.ts';
import { Inbox } from './inbox.ts';
import type { Metadata } from './metadata.ts';
import { markStream } from './middleware.ts';
import type { Node } from './nodes.ts';
import { Outbox } from './outbox.ts';
import type { Remote } from './remote.ts';
import type { ReplyMetadata } from './reply.ts';
import type { Body, OutgoingStream, StreamKind, StreamSink } from './transport.ts';

/** Messages of ours that are kept until the server has answered, so that a stream that was never delivered can move. */
const mostKept = 16;

/** A stream from the client's side. What the server sends is read from `replies`; a reader that leaves cancels. */
export class StreamCall extends Attempts implements OutgoingStream {
  readonly kind: StreamKind;
  readonly replies: Inbox;
  private readonly outbox: Outbox;
  private sink: StreamSink | undefined;
  private sent: Body[] | undefined = [];
  private ended = false;
  private unheard = true;
  private begun = false;

  /** `input`: the requests, or the one of a server stream. Without `timeoutMs` it has no deadline of its own. */
  constructor(remote: Remote, input: unknown, options: CallOptions | undefined) {
    super(remote, options);
    const { kind } = remote;
    if (kind === 'unary') throw new MicroError('bad_request', `${remote.target.endpoint} cannot be streamed`);
    this.kind = kind;
    this.replies = markStream(new Inbox(() => this.cancel('the reader has left')));
    const requests = kind === 'server-stream' ? just(input) : (input as AsyncIterable<unknown>);
    this.outbox = new Outbox(requests, (message) => this.write(message));
  }

  header(header: Metadata): void {
    if (this.over) return;
    this.heard();
    try {
      this.tell({ header });
    } catch (error) {
      this.spoilt(error);
    }
  }

  message(body: Body): void {
    if (this.over) return;
    this.heard();
    const { decode, check } = this.remote;
    try {
      const reply = decode(body);
      this.replies.push(check === undefined ? reply : check(reply));
    } catch (error) {
      this.spoilt(error);
    }
  }

  end(metadata?: ReplyMetadata): void {
    if (this.over) return;
    this.answered();
    this.finish();
    try {
      if (metadata !== undefined) this.tell(metadata);
      this.replies.end();
    } catch (error) {
      this.replies.end(error);
    }
  }

  drained(): void {
    this.outbox.drained();
  }

  protected override get silent(): boolean {
    return this.unheard;
  }

  protected override get repeatable(): boolean {
    return this.sent !== undefined;
  }

  protected override send(node: Node): void {
    const sink = node.connection.open(this);
    this.sink = sink;
    this.replies.sink = sink;
    let room = true;
    for (const body of this.sent ?? []) room = sink.write(body);
    if (room) this.outbox.drained(); // it may wait for the connection that was lost
    if (this.ended) sink.end();
    if (this.begun) return;
    this.begun = true;
    this.outbox.start().then(
      () => {
        this.ended = true;
        if (!this.over) this.sink?.end();
      },
      (error: unknown) => {
        // What the caller's own iterable throws ends the stream, and is what the caller sees
        if (this.over) return;
        this.leave(error);
        this.replies.end(error);
      },
    );
  }

  protected override abandon(): void {
    this.sink?.abort(new MicroError('canceled', 'the caller has left'));
  }

  protected override reject(error: unknown): void {
    this.replies.end(error);
    this.outbox.stop();
  }

  protected override finish(error?: unknown): void {
    super.finish(error);
    this.outbox.stop();
  }

  private heard(): void {
    this.sent = undefined;
    this.unheard = false;
  }

  private spoilt(error: unknown): void {
    const failure = MicroError.from(error);
    this.sink?.abort(failure);
    this.fail(failure, 'yes');
  }

  private write(message: unknown): boolean {
    const body = this.remote.encode(message);
    const lost = this.node === undefined;
    // Between two attempts nothing that was kept is given up: the next one begins with it
    if (this.sent !== undefined && this.sent.push(body) > mostKept && !lost) this.sent = undefined;
    return !lost && (this.sink?.write(body) ?? true);
  }
}

/** A stream that could not even begin. */
export function failedStream(error: unknown): AsyncIterable<unknown> {
  const replies = new Inbox(() => undefined);
  replies.end(error);
  return markStream(replies);
}
