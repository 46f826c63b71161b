import { randomUUID } from 'node:crypto';
import { AmqpLink, amqpError, answered } from '@micro/amqp';
import { type Body, type Metadata, MicroError, report } from '@micro/core';
import { atMost } from '@micro/core/plugin';
import type { Carrier, Fields, Listening, Received, Replies } from '@micro/sessions';
import type { Channel, ChannelModel, Message } from 'amqplib';
import { contentOf, headersOf, received } from './message.ts';
import type { RabbitmqTransportOptions } from './options.ts';

/** RabbitMQ's pseudo-queue: answers come on the channel that has asked (rabbitmq.com, Direct Reply-to). */
const replyTo = 'amq.rabbitmq.reply-to';
/** A name of a queue that is also a key of a topic exchange, without patterns; `amq.` is the server's own. */
const addressForm = /^(?!amq\.)[^\s*#]+$/;
const maxAddress = 255;
const probeFields: Fields = [
  'Micro-Id',
  'probe',
  'Micro-ID',
  'probe',
  'Micro-Stream',
  'probe',
  'Micro-Error',
  'EOS',
];

interface Listener {
  readonly queue: string;
  readonly receive: (message: Received) => void;
  tag: string;
}

/** Sessions over RabbitMQ: requests go to the queue of the listener, answers to where the client asks for them. */
export class RabbitmqCarrier implements Carrier<Fields> {
  private readonly link: AmqpLink;
  private readonly exchange: string;
  private readonly maxBodyBytes: number;
  /** Go tells sessions apart by their correlation id alone. */
  private readonly client = randomUUID();
  private readonly listeners = new Set<Listener>();
  private readonly probes = new Map<string, boolean>();
  private lastProbe = 0;
  private replies: Replies | undefined;
  private channel: Channel | undefined;
  private blocked = false;

  constructor(options: RabbitmqTransportOptions, exchange: string, maxBodyBytes: number) {
    this.exchange = exchange;
    this.maxBodyBytes = maxBodyBytes;
    this.link = new AmqpLink(options, 'micro transport', {
      prepare: (connection) => this.prepare(connection),
      lost: (error) => {
        this.channel = undefined;
        this.replies?.lost(error);
        this.makeRoom();
      },
      back: () => this.replies?.back(),
    });
  }

  get up(): boolean {
    return this.channel !== undefined && this.link.connection !== undefined;
  }

  get full(): boolean {
    return this.blocked;
  }

  async connect(replies: Replies, signal?: AbortSignal): Promise<void> {
    this.replies = replies;
    await this.link.connect(signal);
  }

  /** One channel for everything: what is asked on it is answered in order. */
  private async prepare(connection: ChannelModel): Promise<void> {
    const channel = await connection.createChannel();
    let cause: unknown;
    channel.on('error', (error) => {
      cause = error;
    });
    channel.on('close', () => {
      if (this.channel === channel) this.link.reset(cause ?? new Error('the channel has ended'));
    });
    channel.on('drain', () => this.makeRoom());
    channel.on('return', (message) => this.returned(message));
    connection.on('blocked', (reason) => {
      report('plugin.warning', 'RabbitMQ takes no messages', new MicroError('overloaded', reason));
      this.blocked = true;
    });
    connection.on('unblocked', () => this.makeRoom());
    await channel.assertExchange(this.exchange, 'topic', { durable: false });
    await channel.consume(replyTo, (message) => this.reply(message), { noAck: true });
    for (const listener of this.listeners) await this.consume(channel, listener);
    this.channel = channel;
  }

  private async consume(channel: Channel, listener: Listener): Promise<void> {
    const { queue, receive } = listener;
    await channel.assertQueue(queue, { durable: false, autoDelete: true, exclusive: false });
    const { consumerTag } = await channel.consume(
      queue,
      (message) => {
        if (message === null) return; // the queue was deleted; nobody does that but an operator
        const { replyTo: to, correlationId, headers } = message.properties;
        const session = typeof to === 'string' && to !== '' ? `${to}\n${correlationId ?? ''}` : '';
        this.tell(queue, () =>
          receive(received(session, correlationId, headers, message.content, this.maxBodyBytes)),
        );
      },
      { noAck: true },
    );
    listener.tag = consumerTag;
    await channel.bindQueue(queue, this.exchange, queue);
  }

  head(fields: Fields): Fields {
    return fields;
  }

  request(
    address: string,
    session: string,
    head: Fields,
    fields: Fields,
    metadata: Metadata | undefined,
    body: Body | undefined,
  ): void {
    const headers = headersOf(head, fields, metadata);
    const content = contentOf(body, this.maxBodyBytes);
    const correlationId = `${this.client}-${session}`;
    const options = { correlationId, replyTo, headers, timestamp: seconds(), mandatory: true };
    this.publish(this.exchange, address, content, options);
  }

  respond(session: string, head: Fields, fields: Fields, body: Body): void {
    const [to = '', correlationId = ''] = session.split('\n');
    const headers = headersOf(head, fields, undefined);
    const content = contentOf(body, this.maxBodyBytes);
    this.publish('', to, content, { correlationId, headers, timestamp: seconds() });
  }

  private publish(
    exchange: string,
    key: string,
    content: Buffer,
    options: Parameters<Channel['publish']>[3],
  ): void {
    const { channel } = this;
    if (channel === undefined) return; // lost: everything under way has been failed
    try {
      if (!channel.publish(exchange, key, content, options)) this.blocked = true;
    } catch (error) {
      report('plugin.warning', 'RabbitMQ transport', error); // it closes this moment
    }
  }

  async settled(): Promise<void> {
    try {
      await this.channel?.checkExchange(this.exchange);
    } catch {
      // lost: everything under way has been failed
    }
  }

  async present(to: string): Promise<boolean> {
    const [queue = '', correlationId] = to.split('\n');
    return correlationId === undefined ? this.listening(to) : this.hasQueue(queue);
  }

  /** A message that is dropped by whoever gets it. */
  private async listening(address: string): Promise<boolean> {
    const { channel } = this;
    if (channel === undefined) return true;
    const correlationId = `${this.client}-probe-${++this.lastProbe}`;
    this.probes.set(correlationId, true);
    const headers = headersOf([], probeFields, undefined);
    const options = { correlationId, replyTo, headers, mandatory: true };
    this.publish(this.exchange, address, Buffer.alloc(0), options);
    await this.settled();
    const present = this.probes.get(correlationId) ?? true;
    this.probes.delete(correlationId);
    return present || this.channel !== channel;
  }

  /** RabbitMQ tells of a client that has gone by its reply queue; asking for one that is not there ends a channel. */
  private async hasQueue(queue: string): Promise<boolean> {
    try {
      const channel = await this.link.connection?.createChannel();
      if (channel === undefined) return true;
      channel.on('error', () => {
        // told by the rejection
      });
      await channel.checkQueue(queue);
      await channel.close();
      return true;
    } catch (error) {
      return amqpError(error, queue).code !== 'not_found';
    }
  }

  checkAddress(address: string): void {
    if (Buffer.byteLength(address) > maxAddress || !addressForm.test(address))
      throw new MicroError('bad_request', `"${address.slice(0, 100)}" is not the queue of a listener`);
  }

  async listen(
    address: string | undefined,
    receive: (message: Received) => void,
    signal?: AbortSignal,
  ): Promise<Listening> {
    await this.link.connect(signal);
    const { channel } = this;
    if (channel === undefined) throw new MicroError('unavailable', 'rabbitmq: the connection is lost');
    const queue = address ?? randomUUID();
    if (address !== undefined && (await this.listening(address)))
      throw new MicroError('unavailable', `queue "${address}" is taken: somebody receives there already`);
    const listener: Listener = { queue, receive, tag: '' };
    try {
      await answered(this.consume(channel, listener), this.link.settings.timeoutMs);
    } catch (error) {
      throw amqpError(error, `cannot listen on "${queue}"`);
    }
    this.listeners.add(listener); // declared anew with each connection
    return { address: queue, stop: () => this.stop(listener) };
  }

  /** First nothing more is routed here; what was before has come when the server says that it has ended. */
  private async stop(listener: Listener): Promise<void> {
    const { channel } = this;
    this.listeners.delete(listener);
    if (channel === undefined) return;
    const { queue, tag } = listener;
    try {
      const ending = channel.unbindQueue(queue, this.exchange, queue).then(() => channel.cancel(tag));
      await answered(ending, this.link.settings.timeoutMs);
    } catch {
      // lost: the server deletes the queue with its last consumer
    }
  }

  async close(): Promise<void> {
    // the library says goodbye ahead of what it has not written yet
    if (this.up) await atMost(this.settled(), this.link.settings.timeoutMs);
    await this.link.close();
    this.channel = undefined;
  }

  private reply(message: Message | null): void {
    const correlationId: unknown = message?.properties.correlationId;
    const prefix = `${this.client}-`;
    if (message === null || typeof correlationId !== 'string' || !correlationId.startsWith(prefix)) return;
    const session = correlationId.slice(prefix.length);
    const { content, properties } = message;
    this.tell(session, () =>
      this.replies?.reply(received(session, undefined, properties.headers, content, this.maxBodyBytes)),
    );
  }

  private returned({ properties }: Message): void {
    const correlationId: unknown = properties.correlationId;
    if (typeof correlationId !== 'string') return;
    if (this.probes.has(correlationId)) this.probes.set(correlationId, false);
    else this.replies?.undelivered(correlationId.slice(this.client.length + 1));
  }

  private tell(what: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      report('transport.protocol_error', `RabbitMQ ${what}`, error);
    }
  }

  private makeRoom(): void {
    this.blocked = false;
    this.replies?.room();
  }
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
