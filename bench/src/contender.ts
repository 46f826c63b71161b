/** One way to make calls. A contender is a file in `contenders/` and a line in `contenders.ts`; a transport of ours is only the line. */
export interface Contender {
  /** Starts answering calls with `work.handle`. Runs in the server's process. */
  serve(work: Work): Promise<Served>;
  /** Makes what calls that server. Runs in the client's process; the same one where a case has only one. */
  connect(address: string, work: Work): Promise<Caller>;
}

export interface Served {
  /** Handed to `connect`, as text. */
  readonly address: string;
  /** Resident memory of a process that the contender has started, where that is what is measured. */
  rssBytes?(): number;
  close(): Promise<void>;
}

export interface Caller {
  /** One call: resolves with the reply. */
  call(request: Message): Promise<unknown>;
  /** A server stream that gives the reply again and again, until it is left. Only who has it runs in cases of streams. */
  stream?(request: Message): AsyncIterator<unknown>;
  close(): Promise<void>;
}

/** What crosses. */
export type Message = Readonly<Record<string, unknown>>;

/** What is sent and what comes back, whoever carries it. */
export interface Work {
  /** A call is the next message of a server stream; each lane has its own. `request` has a lane's number in `n`. */
  readonly streams?: boolean;
  readonly handle: (request: Message) => Promise<Message>;
  /** The request of a lane; each of the calls in flight is a lane with a request of its own. */
  request(lane: number): Message;
  /** Whether that lane was given its own reply. */
  check(lane: number, reply: unknown): boolean;
}
