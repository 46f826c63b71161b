import { report } from '@micro/core';
import type { NatsLink } from '@micro/nats';
import { encodeBatch, type Outgoing } from './batch.ts';
import { encodeMessage } from './message.ts';

/** So much may be on its way before the server is asked whether it has taken it. */
const confirmBytes = 1024 * 1024;
/** A batch is cut here, so that both sides work at once; what is longer travels alone. */
const batchBytes = 16_384;
const batchMessages = 32;
/** Of a unit of UTF-16, in JSON (an escape) or in base64. */
export const mostBytes = 6;

interface Batch {
  readonly messages: Outgoing[];
  size: number;
}

/** Collects what a tick sends, so that it leaves in one write, and knows how much the server has not taken yet. */
export class Outbox {
  private readonly link: NatsLink;
  private readonly maxPendingBytes: number;
  private readonly room: () => void;
  private readonly batchReply: (messages: readonly Outgoing[]) => string | undefined;
  private readonly messages: Outgoing[] = [];
  private readonly sizes: number[] = [];
  private readonly batches = new Map<string, Batch>();
  private unconfirmed = 0;
  private asking = false;
  private wasFull = false;

  /** `room` is called when it is no longer full; `batchReply` says where answers to a batch go. */
  constructor(
    link: NatsLink,
    maxPendingBytes: number,
    room: () => void,
    batchReply: (messages: readonly Outgoing[]) => string | undefined,
  ) {
    this.link = link;
    this.maxPendingBytes = maxPendingBytes;
    this.room = room;
    this.batchReply = batchReply;
  }

  get full(): boolean {
    this.wasFull ||= this.unconfirmed > this.maxPendingBytes;
    return this.wasFull;
  }

  get empty(): boolean {
    return this.messages.length === 0;
  }

  /** `size`: its texts, roughly; only to know how much is on its way, and where to cut a batch. */
  send(message: Outgoing, size: number): void {
    if (this.messages.length === 0) process.nextTick(() => this.flush());
    this.messages.push(message);
    this.sizes.push(size);
    this.unconfirmed += size;
  }

  /** An empty message, behind what was collected. */
  sendNothing(subject: string, reply: string): void {
    this.flush();
    this.publish(subject, Buffer.alloc(0), reply);
  }

  /** Hands what was collected to the library, which writes it in a moment. */
  flush(): void {
    const { messages, sizes, batches, link } = this;
    const limit = link.connection?.info?.max_payload ?? Number.POSITIVE_INFINITY;
    const most = Math.min(batchBytes, limit / mostBytes);
    for (let at = 0; at < messages.length; at++) {
      const message = messages[at];
      if (message !== undefined) this.add(message, sizes[at] ?? 0, most);
    }
    messages.length = sizes.length = 0;
    for (const batch of batches.values()) this.leave(batch);
    batches.clear();
    if (this.unconfirmed > confirmBytes) this.confirm();
  }

  /** Messages of one way stay in order: none overtakes its batch. */
  private add(message: Outgoing, size: number, most: number): void {
    if (message.batch === undefined) {
      this.alone(message);
      return;
    }
    let batch = this.batches.get(message.batch);
    if (batch === undefined) {
      batch = { messages: [], size: 0 };
      this.batches.set(message.batch, batch);
    }
    if (batch.size + size > most || batch.messages.length >= batchMessages) this.leave(batch);
    batch.messages.push(message);
    batch.size += size;
  }

  private leave(batch: Batch): void {
    const { messages } = batch;
    const [first] = messages;
    if (first === undefined) return;
    if (messages.length === 1) this.alone(first);
    else this.publish(first.batch ?? first.subject, encodeBatch(messages), this.batchReply(messages));
    messages.length = batch.size = 0;
  }

  private alone({ subject, reply, head, fields, metadata, body }: Outgoing): void {
    // TextEncoder, which the library would use, is four times dearer for short texts
    this.publish(subject, Buffer.from(encodeMessage(head, fields, metadata, body)), reply);
  }

  private publish(subject: string, payload: Buffer, reply: string | undefined): void {
    try {
      this.link.connection?.publish(subject, payload, reply === undefined ? {} : { reply });
    } catch (error) {
      report('plugin.warning', 'NATS transport', error); // closed this moment: everything under way is failed
    }
  }

  /** Nothing is on its way any more. */
  reset(): void {
    this.unconfirmed = 0;
    this.tell();
  }

  private confirm(): void {
    const { connection } = this.link;
    if (this.asking || connection === undefined) return;
    this.asking = true;
    const asked = this.unconfirmed;
    connection
      .flush()
      .then(() => {
        this.unconfirmed = Math.max(0, this.unconfirmed - asked);
      })
      .catch(() => {
        // lost: `reset` follows
      })
      .finally(() => {
        this.asking = false;
        if (this.unconfirmed > confirmBytes) this.confirm();
        this.tell();
      });
  }

  private tell(): void {
    if (!this.wasFull || this.unconfirmed > this.maxPendingBytes / 2) return;
    this.wasFull = false;
    this.room();
  }
}
