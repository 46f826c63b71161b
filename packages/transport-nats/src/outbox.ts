import { report } from '@micro/core';
import type { NatsLink } from '@micro/nats';

/** So much may be on its way before the server is asked whether it has taken it. */
const confirmBytes = 1024 * 1024;

/** Collects what a tick sends, so that it leaves in one write, and knows how much the server has not taken yet. */
export class Outbox {
  private readonly link: NatsLink;
  private readonly maxPendingBytes: number;
  private readonly subjects: string[] = [];
  private readonly payloads: string[] = [];
  private readonly replies: (string | undefined)[] = [];
  private readonly room: () => void;
  private unconfirmed = 0;
  private asking = false;
  private wasFull = false;

  /** `room` is called when it is no longer full. */
  constructor(link: NatsLink, maxPendingBytes: number, room: () => void) {
    this.link = link;
    this.maxPendingBytes = maxPendingBytes;
    this.room = room;
  }

  get full(): boolean {
    this.wasFull ||= this.unconfirmed > this.maxPendingBytes;
    return this.wasFull;
  }

  send(subject: string, payload: string, reply: string | undefined): void {
    if (this.subjects.length === 0) process.nextTick(() => this.flush());
    this.subjects.push(subject);
    this.payloads.push(payload);
    this.replies.push(reply);
    this.unconfirmed += payload.length;
  }

  /** Hands what was collected to the library, which writes it in a moment. */
  flush(): void {
    const { subjects, payloads, replies } = this;
    const { connection } = this.link;
    try {
      for (let at = 0; connection !== undefined && at < subjects.length; at++) {
        const reply = replies[at];
        // TextEncoder, which the library would use, is four times dearer for short texts
        const payload = Buffer.from(payloads[at] ?? '');
        connection.publish(subjects[at] ?? '', payload, reply === undefined ? {} : { reply });
      }
    } catch (error) {
      report('plugin.warning', 'NATS transport', error); // closed this moment: everything under way is failed
    }
    subjects.length = payloads.length = replies.length = 0;
    if (this.unconfirmed > confirmBytes) this.confirm();
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
