import type { Delivered, MicroError } from './errors.ts';
import type { MemoryTransportOptions } from './memory-transport.ts';
import type { Metadata } from './metadata.ts';
import type { ReplyMetadata } from './reply.ts';

/**
 * Carries calls and streams between processes. This is the fast seam: no promise and no header object between
 * core and a transport. For a client library that gives promises, start from `unaryTransport` instead.
 */
export interface Transport {
  /** What node metadata calls it, as in go-micro: `http`, `grpc`. */
  readonly name: string;
  readonly features: ReadonlySet<TransportFeature>;
  /** `values`: bodies are handed over by reference, and core skips the codec. */
  readonly carries: 'bytes' | 'values';
  /** Resolves when calls to the listener's address arrive. Rejects with `unavailable` when the address is taken. */
  listen(acceptor: Acceptor, options: ListenOptions): Promise<Listener>;
  /**
   * A handle for one address. Free: it connects with the first call, and again after a loss. Throws
   * `bad_request` for an address it cannot read.
   */
  dial(address: string, options: DialOptions): Connection;
  /** Destroys connections and listeners that are left. */
  close(): Promise<void>;
}

export interface Listener {
  /** Where it listens, with the real port. A wildcard host stays; core puts an address in its place. */
  readonly address: string;
  /** What the transport wants in the node's metadata, for peers that can do more than go-micro. */
  readonly metadata: Metadata;
  /** False while its backend is lost: the service is not ready. Always true where peers connect to us. */
  readonly active: boolean;
  /** Tells peers to send no more here (GOAWAY where the protocol has it). What still comes goes to the acceptor, which refuses it. */
  drain(): void;
  /** Cancels the work that is left and ends connections after what was written has left, or when a signal aborts. */
  close(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
}

/** A peer's address, with its connections or its pool behind it. */
export interface Connection {
  readonly address: string;
  /**
   * Read for every call. `idle`: connects with the next call, or is connecting. `leaving`: the peer goes, and no
   * fresh connection stands yet; the selector avoids it. `closed`: calls fail with `unavailable`, `no`.
   */
  readonly state: 'idle' | 'ready' | 'leaving' | 'closed';
  /**
   * Sends a call. Exactly one of `done` or `fail` follows, unless `cancel` comes first; never before `request` has
   * returned. Never throws. The transport bounds its connecting, and the calls that wait for it (`overloaded`, `no`);
   * when that fails they all fail with `unavailable`, `no`. A body over its limit is `too_large`, `no`.
   */
  request(call: OutgoingCall): void;
  /** Core has ended a call that is still under way: forget it, and tell the peer where the protocol can. */
  cancel(call: OutgoingCall): void;
  /** Opens a stream. A kind that the transport or the peer lacks fails with `unimplemented`, `no`. Never throws. */
  open(stream: OutgoingStream): StreamSink;
  /** Takes no more calls; resolves when calls and streams under way have ended. */
  close(): Promise<void>;
  /** Ends at once; what is under way fails with `unavailable`. */
  destroy(): void;
}

/**
 * An encoded message; look which it is, for a text codec passes bytes through. Handed over: nobody changes it
 * afterwards, and everybody may keep it. For a transport that carries values it is opaque.
 */
export type Body = string | Uint8Array;

/** Who is called and how: frozen, one object for each. A transport keeps what it makes of it, by `index`. */
export interface Target {
  /** Small and dense from 1, unique in the process. 0: made for one call, keep nothing. */
  readonly index: number;
  readonly service: string;
  /** `Greeter.Hello` */
  readonly endpoint: string;
  readonly contentType: string;
  /** The codec wants replies as text (a string) instead of bytes. */
  readonly text: boolean;
}

/** Core's object of a call under way. */
export interface OutgoingCall {
  readonly target: Target;
  readonly body: Body;
  /** On the clock of `performance.now()`, in ms; 0: none. Core ends the call then, by itself. */
  readonly deadline: number;
  /**
   * Arrives exactly as it is, key and value, or the call is refused with `bad_request`, `no`: nothing is dropped,
   * trimmed or re-encoded on the way.
   */
  readonly metadata: Metadata | undefined;
  /** Somebody reads the metadata of the answer; otherwise it need not be read off the wire. */
  readonly wantsMetadata?: boolean | undefined;
  /** The transport's own, for its table of calls. */
  slot: number;
  done(body: Body, metadata?: ReplyMetadata): void;
  /**
   * Also for the errors of the handler (`delivered: 'yes'`). `no` is what the peer has marked so, or what never left;
   * it is not guessed from a code. Core retries, where that is safe, later and with the same object.
   */
  fail(error: MicroError, delivered: Delivered, metadata?: ReplyMetadata): void;
}

/**
 * One end of a stream, as core gives it to a transport: what comes from the peer is told here; never inside `open`,
 * `Acceptor.stream` or a method of the sink, and nothing after the sink's `abort`.
 */
export interface StreamReceiver {
  /** From a server, before the first message, end or failure; at most once. */
  header?(metadata: Metadata): void;
  message(body: Body): void;
  /** The peer sends no more. From a server: the stream has ended well, `metadata` has the trailer. */
  end(metadata?: ReplyMetadata): void;
  /** The stream is over; nothing follows. */
  fail(error: MicroError, delivered: Delivered, metadata?: ReplyMetadata): void;
  /** After a `write` that returned false: there is room again. */
  drained(): void;
}

/** The other end, as a transport gives it to core. Nothing throws; after the stream is over, nothing happens. */
export interface StreamSink {
  /** From a server, before it sends anything else; where the transport has `reply-metadata`. */
  header?(metadata: Metadata): void;
  /** Sends a message. False: it is taken, but wait for `drained`. */
  write(body: Body): boolean;
  /** No more from this side. From a server: the stream has ended well, `metadata` has the trailer. */
  end(metadata?: ReplyMetadata): void;
  /** Ends both directions: a client leaves, a server answers with the error; `no`: before the handler. @default 'yes' */
  abort(error: MicroError, delivered?: Delivered, metadata?: ReplyMetadata): void;
  /** Deliver no more than has been read already, so that the peer is slowed down. */
  pause(): void;
  resume(): void;
}

export interface OutgoingStream extends StreamReceiver {
  readonly kind: StreamKind;
  readonly target: Target;
  readonly deadline: number;
  /** As of a call: exactly, or refused. */
  readonly metadata: Metadata | undefined;
  /** As of a call. */
  readonly wantsMetadata?: boolean | undefined;
}

/** Which sides send many messages. */
export type StreamKind = 'client-stream' | 'server-stream' | 'bidi';

/** Core's server, as a transport sees it. Nothing here throws. */
export interface Acceptor {
  /** What is served; complete and fixed while somebody listens. */
  readonly endpoints: readonly ServedEndpoint[];
  /** Never fails: an unknown endpoint has a route that answers so. May be kept as long as the listener lives. */
  route(service: string, endpoint: string, contentType: string): Route;
  /** Starts the handler, later than this call returns. The result is how to end it when the peer has left. */
  call(route: Route, call: IncomingCall): Work;
  /** As the peer opened it; core refuses what does not fit the route. The sink is first used after this returns. */
  stream(route: Route, stream: IncomingStream): StreamReceiver;
}

/** For transports that must name their endpoints beforehand (gRPC). */
export interface ServedEndpoint {
  readonly name: string;
  readonly kind: 'unary' | StreamKind;
  /** The contract's schemas. */
  readonly request: unknown;
  readonly response: unknown;
}

export interface Route {
  /** False: it only refuses; do not keep it, or strangers fill the memory with names. */
  readonly found: boolean;
  readonly kind: 'unary' | StreamKind;
  /** The codec wants the request as text (a string) instead of bytes. */
  readonly text: boolean;
}

export interface Work {
  /** The peer has left or given up: aborts the handler's signal. Neither `reply` nor `fail` follows. */
  cancel(): void;
}

interface Incoming {
  /** What is left of the caller's deadline, in ms; 0: it has none. */
  readonly remainingMs: number;
  /** Without what belongs to the transport and the protocol; may be made when it is asked for. */
  readonly metadata: Metadata;
  readonly peer: Peer;
}

/**
 * The transport's object of a call under way. Exactly one of `reply` or `fail` follows, unless it was cancelled. Metadata
 * comes with it only where the transport has `reply-metadata`; a reply whose metadata cannot be sent fails as the call would.
 */
export interface IncomingCall extends Incoming {
  readonly body: Body;
  reply(body: Body, metadata?: ReplyMetadata): void;
  /** `delivered: 'no'`: refused before the handler; the peer must be told so by a mark, not by the code. */
  fail(error: MicroError, delivered: Delivered, metadata?: ReplyMetadata): void;
}

export interface IncomingStream extends Incoming {
  readonly sink: StreamSink;
}

export interface Peer {
  readonly address: string;
  /** The calling service, as it names itself (`DialOptions.from`). */
  readonly service?: string | undefined;
  /** The subject of a verified client certificate (mutual TLS). */
  readonly identity?: string | undefined;
}

export interface ListenOptions {
  /** `host:port`, `:0`, `unix:/path`, or a name where the transport has names. @default a free port on all interfaces */
  readonly address?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface DialOptions {
  /** The node's metadata, from the registry; empty for a bare address. */
  readonly metadata: Metadata;
  /** The calling service, told to the peer where the protocol can (`Micro-From-Service`). */
  readonly from?: string | undefined;
}

/**
 * `streams`: all three stream kinds. `pushback`: a slow reader slows the writer. `cancel`: the handler's signal
 * aborts when the caller leaves. `goaway`: `drain` reaches peers. `reply-metadata`: answers carry metadata, exactly.
 */
export type TransportFeature = 'streams' | 'pushback' | 'cancel' | 'goaway' | 'reply-metadata';

/** Names and options of transport plugins; each package adds its own by declaration merging. */
export interface TransportPlugins {
  memory: MemoryTransportOptions;
}
