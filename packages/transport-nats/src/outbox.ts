import { report } from '@micro/core';
import type { NatsLink } from '@micro/nats';
import { encodeBatch } from './message.ts';

/** So much may be on its way before the server is asked whether it has taken it. */
const confirmBytes = 1024 * 1024;
/** A batch is cut here, so that both sides work at once; what is longer travels alone. */
const batchBytes = 16_384;
const batchMessages = 32;

/** Where a message goes when it goes alone, and with others. */
export interface Way {
  readonly subject: string;
  readonly reply: string | undefined;
  /** Where its batches go; undefined: it must travel alone. */
  readonly batch: string | undefined;
  /** Its session, in a batch. */
  readonly session: string;
}

interface Batch {
  readonly ways: Way[];
  readonly payloads: string[];
  bytes: number;
}

/** Collects what a tick sends, so that it leaves in one write, and knows how much the server has not taken yet. */
export class Outbox {
  private readonly link: NatsLink;
  private readonly maxPendingBytes: number;
  private readonly room: () => void;
  private readonly batchReply: (ways: readonly Way[]) => string | undefined;
  private readonly ways: Way[] = [];
  private readonly payloads: string[] = [];
  private readonly batches = new Map<string, Batch>();
  private unconfirmed = 0;
  private asking = false;
  private wasFull = false;

  /** `room` is called when it is no longer full; `batchReply` says where answers to a batch go. */
  constructor(
    link: NatsLink,
    maxPendingBytes: number,
    room: () => void,
    batchReply: (ways: readonly Way[]) => string | undefined,
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
    return this.ways.length === 0;
  }

  send(way: Way, payload: string): void {
    if (this.ways.length === 0) process.nextTick(() => this.flush());
    this.ways.push(way);
    this.payloads.push(payload);
    this.unconfirmed += payload.length;
  }

  /** Hands what was collected to the library, which writes it in a moment. */
  flush(): void {
    const { ways, payloads, batches } = this;
    for (let at = 0; at < ways.length; at++) {
      const way = ways[at];
      const payload = payloads[at];
      if (way !== undefined && payload !== undefined) this.add(way, payload);
    }
    ways.length = payloads.length = 0;
    for (const batch of batches.values()) this.leave(batch);
    batches.clear();
    if (this.unconfirmed > confirmBytes) this.confirm();
  }

  /** Messages of one way stay in order: none overtakes its batch. */
  private add(way: Way, payload: string): void {
    if (way.batch === undefined) {
      this.publish(way.subject, payload, way.reply);
      return;
    }
    let batch = this.batches.get(way.batch);
    if (batch === undefined) {
      batch = { ways: [], payloads: [], bytes: 0 };
      this.batches.set(way.batch, batch);
    }
    if (batch.bytes + payload.length > batchBytes || batch.ways.length >= batchMessages) this.leave(batch);
    batch.ways.push(way);
    batch.payloads.push(payload);
    batch.bytes += payload.length;
  }

  private leave(batch: Batch): void {
    const { ways, payloads } = batch;
    const [way] = ways;
    const [payload] = payloads;
    if (way === undefined || payload === undefined) return;
    if (ways.length === 1) this.publish(way.subject, payload, way.reply);
    else {
      const sessions = ways.map(({ session }) => session);
      this.publish(way.batch ?? way.subject, encodeBatch(sessions, payloads), this.batchReply(ways));
    }
    ways.length = payloads.length = batch.bytes = 0;
  }

  private publish(subject: string, text: string, reply: string | undefined): void {
    try {
      // TextEncoder, which the library would use, is four times dearer for short texts
      this.link.connection?.publish(subject, Buffer.from(text), reply === undefined ? {} : { reply });
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
