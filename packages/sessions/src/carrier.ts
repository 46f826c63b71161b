import type { Body, Metadata, MicroError } from '@micro/core';

/** Names and values of a header in turn. Names as Go looks them up, case and all. */
export type Fields = readonly string[];

/** A header as it came: each name once, in the sender's spelling. A `Map` is one. */
export interface Header {
  get(name: string): string | undefined;
  keys(): Iterable<string>;
}

export interface Received {
  /** At a client: what it gave to `request`. At a server: how to answer. */
  readonly session: string;
  /** At a server: what a session is known by, where the way to answer may change with the client's connection. @default session */
  readonly key?: string | undefined;
  readonly header: Header;
  /** At a server: the subject of the client's verified certificate. */
  readonly identity?: string | undefined;
  /** The body, decoded when it is asked for. Throws for what cannot be decoded. */
  bytes(): Uint8Array;
}

/** What a client is told. Nothing here throws. */
export interface Replies {
  reply(message: Received): void;
  /** Nobody took the message of this session, or the answer with this token. */
  undelivered(session: string): void;
  /** All that is sent to the address is refused by the message system. */
  denied(address: string, error: MicroError): void;
  lost(error: MicroError): void;
  back(): void;
  /** There is room after `full`. */
  room(): void;
  /**
   * The message system has ended this session: well, which a Go server does that was told to close it, or with an error.
   */
  ended(session: string, error: MicroError | undefined, delivered: 'no' | 'maybe'): void;
}

export interface Listening {
  readonly address: string;
  /** No more is sent here; resolves when what was on its way has been told. */
  stop(): Promise<void>;
}

/**
 * What a message system has to do to carry sessions. `H` is a header made beforehand, for what is the same with each
 * message.
 */
export interface Carrier<H> {
  /** Whether messages can leave now. */
  readonly up: boolean;
  /** More has been sent than has left: wait for `room`. */
  readonly full: boolean;
  /** The same of one session of the client, where they do not share. */
  isFull?(session: string): boolean;
  /** Connects, and receives replies from then on. Rejects with `unavailable`, `unauthorized` or `forbidden`. */
  connect(replies: Replies, signal?: AbortSignal): Promise<void>;
  head(fields: Fields): H;
  /**
   * To the listener at the address. `ours`: it is no Go server, so several may travel in one message. Throws
   * `too_large`, and nothing has left then.
   */
  request(
    address: string,
    session: string,
    head: H,
    fields: Fields,
    metadata: Metadata | undefined,
    body: Body | undefined,
    ours: boolean,
  ): void;
  /**
   * Ends a session at a Go server, and whatever still runs in it, where the message system has a way: a handler that
   * only sends would learn of nothing else that we are gone.
   */
  breakOff?(address: string, session: string): void;
  /**
   * In this session nothing is under way any more; `left`: at the server something may still be, which is to end.
   * Where sessions are ended so, servers are not told by a message.
   */
  released?(session: string, left: boolean): void;
  /** To the client of a session; `token`: told to `undelivered` where the message system can. Throws `too_large`. */
  respond(session: string, head: H, fields: Fields, body: Body, token?: string): void;
  /** Resolves when the message system has taken what was sent, and has told what it could not deliver. Never rejects. */
  settled(): Promise<void>;
  /** Whether somebody receives at the address of a listener, or the session of a client. Unknown is true. Never rejects. */
  present(to: string): Promise<boolean>;
  /** Throws `bad_request`. */
  checkAddress(address: string): void;
  /** `undefined`: an address of its own. Rejects with `unavailable` when the address is taken. */
  listen(
    address: string | undefined,
    receive: (message: Received) => void,
    signal?: AbortSignal,
  ): Promise<Listening>;
  /** After what was sent has left. */
  close(): Promise<void>;
}

/** What a client needs. */
export type Requests<H> = Pick<
  Carrier<H>,
  | 'up'
  | 'full'
  | 'isFull'
  | 'connect'
  | 'head'
  | 'request'
  | 'breakOff'
  | 'released'
  | 'settled'
  | 'present'
  | 'close'
>;

/**
 * What a listener needs to answer the messages of a session; a connection has it that is a session itself, of which
 * nothing comes back and nobody has to be looked for.
 */
export type Answers<H> = Pick<Carrier<H>, 'up' | 'full' | 'head' | 'respond'> &
  Partial<Pick<Carrier<H>, 'settled' | 'present'>>;
