/**
 * How the runner speaks with a peer, Go's (go/v4/commands.go) or ours (peer/): lines of JSON, a command each way in
 * and its answer out; between the answers, events.
 */
export interface Arguments {
  readonly service?: string;
  readonly endpoint?: string;
  readonly body?: unknown;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Only nodes of this version. */
  readonly version?: string;
  readonly timeoutMs?: number;
  readonly times?: number;
  readonly parallel?: number;
  /** Of a text, in bytes. */
  readonly size?: number;
  /** Leave a stream after so many items. */
  readonly leaveAt?: number;
  readonly texts?: readonly string[];
  readonly topic?: string;
}

/** The commands, and what each answers. */
export interface Results {
  /** One call, with `body` as its request. */
  call: unknown;
  /** One call whose request has no byte. */
  empty: unknown;
  /** A text of `size` bytes to Echo.Text and back. */
  echo: { readonly same: boolean };
  /** `times` calls of Greeter.Hello, `parallel` at once. */
  greet: Greetings;
  /** The same until `endLoad`. */
  load: unknown;
  endLoad: Greetings;
  /** The server stream Echo.Count, with `body` as its request. */
  count: Streamed;
  /** The two-way stream Echo.Chat: the texts, each sent when the one before has been answered. */
  chat: Streamed;
  /** The client stream Echo.Sum of the numbers 1 to `times`. */
  sum: { readonly sum: number };
  /** A message of messages.proto to Mirror.Once and back; `texts`: the one thing that is set in it. */
  mirror: { readonly same: boolean };
  /** `times` of them through the two-way stream Mirror.Each. */
  mirrorEach: { readonly same: boolean };
  /** As the registry has it now. */
  lookup: readonly FoundService[] | null;
  /** Names of all services. */
  list: readonly string[];
  /** From now on the event `nodes` tells the ids of the service's nodes, first and whenever they change. */
  watch: unknown;
  /** The numbers 1 to `times`. */
  publish: { readonly failures: Readonly<Record<string, number>> };
}

export interface Command extends Arguments {
  readonly n: number;
  readonly do: keyof Results;
}
export interface Answer {
  readonly n: number;
  readonly result?: unknown;
  readonly error?: Failure | null;
}

export interface Failure {
  /** As it was shown: with go-micro the text of the header Micro-Error. */
  readonly text: string;
  readonly id: string;
  readonly code: number;
  readonly detail: string;
}

export interface Greetings {
  readonly answered: number;
  /** Answers that belong to another call. */
  readonly wrong: number;
  readonly failures: Readonly<Record<string, number>>;
  /** Answers by the peer that gave them. */
  readonly by: Readonly<Record<string, number>>;
  readonly slowestMs: number;
}

export interface Streamed {
  readonly items: readonly unknown[];
  /** Null: it ended well, or we left. */
  readonly end: Failure | null;
}

/** go-micro's registry.Service; what is empty may be null. */
export interface FoundService {
  readonly name: string;
  readonly version: string;
  readonly endpoints: readonly FoundEndpoint[] | null;
  readonly nodes: readonly FoundNode[] | null;
}
interface FoundEndpoint {
  readonly name: string;
  readonly request: FoundValue | null;
  readonly metadata: Readonly<Record<string, string>> | null;
}
interface FoundValue {
  readonly name: string;
  readonly type: string;
  readonly values: readonly FoundValue[] | null;
}
interface FoundNode {
  readonly id: string;
  readonly address: string;
  readonly metadata: Readonly<Record<string, string>> | null;
}

export type PeerEvent =
  | { readonly event: 'ready' }
  | { readonly event: 'nodes'; readonly service: string; readonly ids: readonly string[] }
  /** A handler of Echo.Count has begun. */
  | { readonly event: 'began'; readonly endpoint: string }
  /** A handler of Echo.Slow, Echo.Count or Echo.Chat has ended; `how`: the reason, empty when it came to its end. */
  | { readonly event: 'ended'; readonly endpoint: string; readonly how: string }
  | EventSeen;

export interface EventSeen {
  readonly event: 'message';
  readonly topic: string;
  readonly n: number;
  readonly text: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}
