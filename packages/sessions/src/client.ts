import { type Body, MicroError, type OutgoingCall } from '@micro/core';
import { Refusals, readBody } from '@micro/core/plugin';
import type { Received, Replies, Requests } from './carrier.ts';
import { type ClientStream, endedBy, nobody } from './client-stream.ts';
import type { SessionConnection } from './connection.ts';
import { deliveredBy, errorOf, idOf, saidBy } from './header.ts';
import type { SessionSettings } from './settings.ts';
import { Slots } from './slots.ts';

type Waiting = OutgoingCall | ClientStream;

/** A leaving that could not be told, for the connection was lost. */
interface Left {
  readonly connection: SessionConnection;
  readonly session: string;
  readonly id: string;
  readonly stream: boolean;
}

/** The client's half of a transport: all sessions, whatever address they lead to. */
export class SessionClient implements Replies {
  // its own head type is the carrier's business: here it is only handed back
  readonly carrier: Requests<unknown>;
  readonly settings: SessionSettings;
  readonly slots: Slots;
  readonly refusals: Refusals = new Refusals();
  readonly connections: Set<SessionConnection> = new Set();
  readonly streams: Set<ClientStream> = new Set();
  /** Who is told what comes: this client, and the listeners beside it. */
  replies: Replies | undefined;
  private readonly waiting = new Map<Waiting, SessionConnection>();
  private left: Left[] = [];
  private connecting = false;
  private connected = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(carrier: Requests<unknown>, settings: SessionSettings) {
    this.carrier = carrier;
    this.slots = new Slots(carrier.released?.bind(carrier));
    this.settings = settings;
  }

  /** Whether calls and streams can leave at once. */
  get ready(): boolean {
    return this.connected && this.carrier.up;
  }

  /** Keeps it until the message system is there. */
  wait(one: Waiting, connection: SessionConnection): void {
    if (this.waiting.size >= this.settings.maxQueued) {
      const { size } = this.waiting;
      const refused = new MicroError('overloaded', `${size} calls wait for the message system (maxQueued)`);
      connection.refuse(one, refused);
      return;
    }
    this.waiting.set(one, connection);
    this.connect();
  }

  /** Whether it had not been sent. */
  unwait(one: Waiting): boolean {
    return this.waiting.delete(one);
  }

  /** Those of a connection that wait. */
  waitingOf(connection: SessionConnection): Waiting[] {
    return [...this.waiting].filter(([, its]) => its === connection).map(([one]) => one);
  }

  private connect(): void {
    if (this.connecting || this.replies === undefined) return;
    this.connecting = true;
    this.carrier
      .connect(this.replies)
      .then(
        () => {
          this.connected = true;
          this.proceed((one, connection) => connection.send(one));
        },
        (error: unknown) => this.proceed((one, connection) => connection.refuse(one, MicroError.from(error))),
      )
      .finally(() => {
        this.connecting = false;
        if (this.waiting.size > 0) this.connect(); // it came while this was settled
      });
  }

  private proceed(what: (one: Waiting, connection: SessionConnection) => void): void {
    const all = [...this.waiting];
    this.waiting.clear();
    for (const [one, connection] of all) what(one, connection);
  }

  reply(message: Received): void {
    const slot = this.slots.find(message.session);
    const connection = slot?.connection;
    if (slot === undefined || connection === undefined) return;
    const { header } = message;
    const id = idOf(header);
    if (id !== slot.id && id !== '') {
      slot.stream?.foreign(id);
      return;
    }
    connection.heard();
    const { call, stream } = slot;
    if (stream !== undefined) {
      stream.receive(header, message);
      return;
    }
    if (call === undefined) return;
    this.slots.release(slot, false);
    connection.done();
    let error = errorOf(header);
    const said = call.wantsMetadata ? saidBy(header) : undefined;
    if (error !== undefined) {
      call.fail(error, deliveredBy(header), said);
      return;
    }
    const { text, contentType } = call.target;
    let body: Body = '';
    try {
      const bytes = message.bytes();
      body = readBody(bytes, 0, bytes.length, text, contentType);
      // how go-micro says that it has no codec for the request (go-micro v4: server/rpc_server.go)
      if (header.get('Content-Type') === 'text/plain' && contentType !== 'text/plain')
        error = new MicroError('bad_request', typeof body === 'string' ? body : Buffer.from(body).toString());
    } catch (cause) {
      error = new MicroError('internal', `an answer of ${connection.address} that cannot be read`, { cause });
    }
    if (error === undefined) call.done(body, said);
    else call.fail(error, 'yes');
  }

  undelivered(session: string): void {
    const slot = this.slots.find(session);
    const { connection, call, stream } = slot ?? {};
    if (slot === undefined || connection === undefined) return;
    connection.absent();
    if (stream !== undefined) stream.undelivered(nobody(connection.address));
    else if (call !== undefined) connection.failCall(slot, nobody(connection.address), 'no');
  }

  ended(session: string, error: MicroError | undefined, delivered: 'no' | 'maybe'): void {
    const slot = this.slots.find(session);
    const { connection, call, stream } = slot ?? {};
    if (slot === undefined || connection === undefined) return;
    connection.absent();
    if (stream !== undefined) stream.closed(error, delivered);
    else if (call !== undefined) connection.failCall(slot, error ?? endedBy(connection.address), delivered);
  }

  denied(address: string, error: MicroError): void {
    for (const connection of this.connections) {
      if (connection.address === address) connection.failAll(error, 'no');
    }
  }

  /** What is under way fails: answers that come now are lost. Servers are told when that is possible again. */
  lost(error: MicroError): void {
    const left: Left[] = [];
    for (const { slot, session } of this.slots.used()) {
      const { connection, id, stream } = slot;
      if (connection !== undefined) left.push({ connection, session, id, stream: stream !== undefined });
    }
    this.left = left;
    for (const connection of this.connections) connection.lost(error);
  }

  back(): void {
    for (const { connection, session, id, stream } of this.left.splice(0)) {
      connection.tellLeft(session, id, stream);
    }
  }

  room(): void {
    for (const stream of this.streams) stream.room();
  }

  /** Looks for silent peers, as long as something is under way. */
  watch(): void {
    this.timer ??= setInterval(() => this.check(), this.settings.probeIntervalMs).unref();
  }

  private check(): void {
    let busy = false;
    for (const connection of this.connections) {
      if (connection.underWay === 0) continue;
      busy = true;
      connection.check();
    }
    if (busy) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  close(): void {
    for (const connection of [...this.connections]) connection.destroy();
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
