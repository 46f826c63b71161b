import { type Body, type Metadata, MicroError, report } from '@micro/core';
import { checkSignal } from '@micro/core/plugin';
import type { NatsLink } from '@micro/nats';
import { natsError } from '@micro/nats';
import type { Carrier, Fields, Listening, Received, Replies } from '@micro/sessions';
import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { decodeBatch, isBatch, type Outgoing } from './batch.ts';
import { decodeMessage, encodeFields, encodeMessage } from './message.ts';
import { mostBytes, Outbox } from './outbox.ts';

/** No pattern, no blank, no empty token (NATS, subject-based messaging). */
const subjectForm = /^[^\s.*>]+(?:\.[^\s.*>]+)*$/;
const maxSubject = 1024;
const batchToken = 'batch-';
const rememberedBatches = 1024;
const mostReaders = 4096;
/** Of a message, besides its texts. */
const around = 64;
/** go-micro drops the end of a stream that it does not know. Ours drop it by its id. */
const probe = encodeMessage(
  '',
  ['Micro-Id', 'probe', 'Micro-ID', 'probe', 'Micro-Stream', 'probe', 'Micro-Error', 'EOS'],
  undefined,
  undefined,
);

/** Sessions over NATS: requests go to the listener's subject, answers come to one inbox, a token for each session. */
export class NatsCarrier implements Carrier<string> {
  private readonly link: NatsLink;
  private readonly outbox: Outbox;
  private readonly inbox = createInbox();
  private readonly probes = new Map<string, boolean>();
  private lastProbe = 0;
  /** The sessions of the last batches, should one come back. */
  private readonly sent: (readonly string[] | undefined)[] = [];
  private lastBatch = 0;
  /** Inboxes of clients that have sent batches, and so can read them. */
  private readonly readers = new Set<string>();
  private replies: Replies | undefined;
  private ready: NatsConnection | undefined;
  private preparing: Promise<void> | undefined;

  constructor(link: NatsLink, maxPendingBytes: number) {
    this.link = link;
    this.outbox = new Outbox(
      link,
      maxPendingBytes,
      () => this.replies?.room(),
      (messages) => this.batchReply(messages),
    );
    link.onChange((lost) => {
      if (lost === undefined) this.replies?.back();
      else {
        this.replies?.lost(lost);
        this.outbox.reset();
      }
    });
    link.onDenied((subject, error) => this.replies?.denied(subject, error));
  }

  get up(): boolean {
    return this.ready !== undefined && this.link.connection === this.ready;
  }

  get full(): boolean {
    return this.outbox.full;
  }

  async connect(replies: Replies, signal?: AbortSignal): Promise<void> {
    this.replies = replies;
    const connection = await this.link.connect(signal);
    if (this.ready === connection) return;
    this.preparing ??= this.prepare(connection).finally(() => {
      this.preparing = undefined;
    });
    await this.preparing;
    checkSignal(signal);
  }

  /** Answers come from now on. */
  private async prepare(connection: NatsConnection): Promise<void> {
    await subscribe(connection, `${this.inbox}.*`, (message) => this.receive(message));
    this.ready = connection;
  }

  head(fields: Fields): string {
    return encodeFields(fields, false);
  }

  request(
    address: string,
    session: string,
    head: string,
    fields: Fields,
    metadata: Metadata | undefined,
    body: Body | undefined,
    ours: boolean,
  ): void {
    const reply = `${this.inbox}.${session}`;
    const batch = ours ? address : undefined;
    this.send({ subject: address, reply, batch, session, head, fields, metadata, body });
  }

  /** By a message that is none: go-micro closes all that belongs to the session (v5: server/rpc_server.go:150). */
  breakOff(address: string, session: string): void {
    this.outbox.sendNothing(address, `${this.inbox}.${session}`);
  }

  respond(session: string, head: string, fields: Fields, body: Body, token?: string): void {
    const dot = session.lastIndexOf('.');
    const inbox = session.slice(0, dot);
    const reply = token && `${this.inbox}.${token}`;
    const batch = this.readers.has(inbox) ? `${inbox}.${batchToken}` : undefined;
    const own = session.slice(dot + 1);
    this.send({ subject: session, reply, batch, session: own, head, fields, metadata: undefined, body });
  }

  /** A batch of requests is answered to the inbox that is named before its token; answers are not answered. */
  private batchReply(messages: readonly Outgoing[]): string | undefined {
    if (messages[0]?.reply === undefined) return undefined;
    this.lastBatch = (this.lastBatch + 1) % rememberedBatches;
    this.sent[this.lastBatch] = messages.map(({ session }) => session);
    return `${this.inbox}.${batchToken}${this.lastBatch}`;
  }

  private send(message: Outgoing): void {
    const limit = this.link.connection?.info?.max_payload ?? Number.POSITIVE_INFINITY;
    const { head, fields, metadata, body } = message;
    if (body !== undefined && body.length > limit) throw tooLarge(body.length, limit);
    let length = around + head.length + (body?.length ?? 0);
    for (const text of fields) length += text.length + 3;
    for (const key in metadata) length += key.length + (metadata[key]?.length ?? 0) + 6;
    if (length * mostBytes > limit) {
      const size = Buffer.byteLength(encodeMessage(head, fields, metadata, body));
      if (size > limit) throw tooLarge(size, limit);
    }
    this.outbox.send(message, length);
  }

  async settled(): Promise<void> {
    this.outbox.flush();
    try {
      await this.link.connection?.flush();
    } catch {
      // lost: everything under way has been failed
    }
  }

  async present(to: string): Promise<boolean> {
    const { connection } = this.link;
    if (connection === undefined) return true;
    const token = `probe-${++this.lastProbe}`;
    this.probes.set(token, true);
    try {
      connection.publish(to, probe, { reply: `${this.inbox}.${token}` });
      await connection.flush();
      return this.probes.get(token) ?? true;
    } catch {
      return true; // lost: nothing is known
    } finally {
      this.probes.delete(token);
    }
  }

  checkAddress(address: string): void {
    if (address.length > maxSubject || !subjectForm.test(address))
      throw new MicroError('bad_request', `"${address.slice(0, 100)}" is not the subject of a listener`);
  }

  async listen(
    address: string | undefined,
    receive: (message: Received) => void,
    signal?: AbortSignal,
  ): Promise<Listening> {
    const connection = await this.link.connect(signal);
    const subject = address ?? createInbox();
    if (address !== undefined && (await this.present(address)))
      throw new MicroError('unavailable', `subject "${address}" is taken: somebody receives there already`);
    const subscription = await subscribe(connection, subject, (message) => {
      const reply = message.reply ?? '';
      const inbox = reply.slice(0, reply.lastIndexOf('.'));
      const named = (token: string): string => `${inbox}.${token}`;
      if (this.hand(reply, message, named, receive) && inbox !== '') this.remember(inbox);
    });
    return { address: subject, stop: () => stop(subscription) };
  }

  async close(): Promise<void> {
    this.outbox.flush();
    await this.link.close();
  }

  private receive(message: Msg): void {
    const token = message.subject.slice(this.inbox.length + 1);
    if (message.headers?.code !== 503) {
      this.hand(
        token,
        message,
        (session) => session,
        (one) => this.replies?.reply(one),
      );
    } else if (this.probes.has(token)) this.probes.set(token, false);
    else if (token.startsWith(batchToken)) this.undelivered(Number(token.slice(batchToken.length)));
    else this.replies?.undelivered(token);
  }

  private undelivered(batch: number): void {
    const sessions = this.sent[batch] ?? [];
    this.sent[batch] = undefined;
    for (const session of sessions) this.replies?.undelivered(session);
  }

  /** Forgotten only while nothing waits to leave: what goes alone must not overtake what goes in a batch. */
  private remember(inbox: string): void {
    if (this.readers.size >= mostReaders && this.outbox.empty) this.readers.clear();
    if (this.readers.size < mostReaders) this.readers.add(inbox);
  }

  /** Whether it was a batch. */
  private hand(
    session: string,
    message: Msg,
    named: (token: string) => string,
    receive: (message: Received) => void,
  ): boolean {
    try {
      const { data } = message;
      if (!isBatch(data)) {
        receive(decodeMessage(session, data));
        return false;
      }
      for (const one of decodeBatch(data, named)) receive(one);
      return true;
    } catch (error) {
      report('transport.protocol_error', message.subject, error);
      return false;
    }
  }
}

/** Resolves when the server has it. Rejects with `forbidden` when it refuses. */
async function subscribe(
  connection: NatsConnection,
  subject: string,
  receive: (message: Msg) => void,
): Promise<Subscription> {
  let refused: Error | undefined;
  const subscription = connection.subscribe(subject, {
    callback: (error, message) => {
      if (error === null) receive(message);
      else refused = error;
    },
  });
  try {
    await connection.flush();
  } catch (error) {
    throw natsError(error, `cannot subscribe to "${subject}"`);
  }
  if (refused !== undefined) throw natsError(refused, `cannot subscribe to "${subject}"`);
  return subscription;
}

async function stop(subscription: Subscription): Promise<void> {
  try {
    await subscription.drain();
  } catch {
    // closed with its connection: nothing comes any more
  }
}

function tooLarge(size: number, limit: number): MicroError {
  return new MicroError(
    'too_large',
    `a message of ${size} bytes; the NATS server takes ${limit} (max_payload)`,
  );
}
