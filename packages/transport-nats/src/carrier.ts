import { type Body, type Metadata, MicroError, report } from '@micro/core';
import { checkSignal } from '@micro/core/plugin';
import type { NatsLink } from '@micro/nats';
import { natsError } from '@micro/nats';
import type { Carrier, Fields, Listening, Received, Replies } from '@micro/sessions';
import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { decodeMessage, encodeFields, encodeMessage } from './message.ts';
import { Outbox } from './outbox.ts';

/** No pattern, no blank, no empty token (NATS, subject-based messaging). */
const subjectForm = /^[^\s.*>]+(?:\.[^\s.*>]+)*$/;
const maxSubject = 1024;
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
  private replies: Replies | undefined;
  private ready: NatsConnection | undefined;
  private preparing: Promise<void> | undefined;

  constructor(link: NatsLink, maxPendingBytes: number) {
    this.link = link;
    this.outbox = new Outbox(link, maxPendingBytes, () => this.replies?.room());
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
  ): void {
    this.send(address, head, fields, metadata, body, `${this.inbox}.${session}`);
  }

  respond(session: string, head: string, fields: Fields, body: Body, token?: string): void {
    this.send(session, head, fields, undefined, body, token && `${this.inbox}.${token}`);
  }

  private send(
    subject: string,
    head: string,
    fields: Fields,
    metadata: Metadata | undefined,
    body: Body | undefined,
    reply: string | undefined,
  ): void {
    const limit = this.link.connection?.info?.max_payload ?? Number.POSITIVE_INFINITY;
    if (body !== undefined && body.length > limit) throw tooLarge(body.length, limit);
    const payload = encodeMessage(head, fields, metadata, body);
    // UTF-8 has at most three bytes for a unit of UTF-16
    if (payload.length * 3 > limit) {
      const size = Buffer.byteLength(payload);
      if (size > limit) throw tooLarge(size, limit);
    }
    this.outbox.send(subject, payload, reply);
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
      this.hand(message.reply ?? '', message, receive);
    });
    return { address: subject, stop: () => stop(subscription) };
  }

  async close(): Promise<void> {
    this.outbox.flush();
    await this.link.close();
  }

  private receive(message: Msg): void {
    const token = message.subject.slice(this.inbox.length + 1);
    if (message.headers?.code !== 503) this.hand(token, message, (one) => this.replies?.reply(one));
    else if (this.probes.has(token)) this.probes.set(token, false);
    else this.replies?.undelivered(token);
  }

  private hand(session: string, message: Msg, receive: (message: Received) => void): void {
    try {
      receive(decodeMessage(session, message.data));
    } catch (error) {
      report('transport.protocol_error', message.subject, error);
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
