import { remoteError } from './errors.ts';
import { type Metadata, mergeMetadata, noMetadata } from './metadata.ts';
import type { Acceptor, IncomingCall, Listener, Peer } from './transport.ts';
import { bodyOf, bytesOf } from './unary-connection.ts';
import type {
  ReceivedRequest,
  UnaryOutcome,
  UnaryServer,
  UnaryTransportDefinition,
} from './unary-transport.ts';

/** The server's side of a transport that was made of two async functions. */
export class UnaryListener implements Listener {
  address = '';
  readonly metadata: Metadata = noMetadata;
  readonly active = true;
  private readonly acceptor: Acceptor;
  private readonly onClosed: () => void;
  private readonly hurry = new AbortController();
  /** How to end the work under way. */
  private readonly running = new Set<(outcome: UnaryOutcome) => void>();
  private server: UnaryServer | undefined;
  private closing: Promise<void> | undefined;

  constructor(acceptor: Acceptor, onClosed: () => void) {
    this.acceptor = acceptor;
    this.onClosed = onClosed;
  }

  async open(definition: UnaryTransportDefinition, address: string | undefined): Promise<void> {
    const handle = (request: ReceivedRequest, peer: Peer, signal: AbortSignal): Promise<UnaryOutcome> =>
      this.handle(request, peer, signal);
    this.server = await definition.listen(address, handle);
    this.address = this.server.address;
  }

  drain(): void {
    // no protocol of its own: who still comes is refused by the acceptor
  }

  async close({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const hasten = (): void => this.hurry.abort();
    if (signal?.aborted) hasten();
    signal?.addEventListener('abort', hasten, { once: true });
    this.closing ??= this.shut();
    try {
      await this.closing;
    } finally {
      signal?.removeEventListener('abort', hasten);
    }
  }

  private async shut(): Promise<void> {
    for (const end of this.running) end(this.gone('maybe'));
    await this.server?.close(this.hurry.signal);
    this.onClosed();
  }

  private handle(received: ReceivedRequest, peer: Peer, signal: AbortSignal): Promise<UnaryOutcome> {
    const { service, endpoint, contentType, body, timeoutMs, from } = received;
    const metadata = metadataOf(received.metadata);
    if (
      typeof service !== 'string' ||
      typeof endpoint !== 'string' ||
      typeof contentType !== 'string' ||
      !(body instanceof Uint8Array) ||
      metadata === undefined
    ) {
      const error = remoteError('bad_request', 'what came is not a request', { id: 'go.micro.transport' });
      return Promise.resolve({ error, delivered: 'no' });
    }
    if (this.closing !== undefined) return Promise.resolve(this.gone('no'));
    const route = this.acceptor.route(service, endpoint, contentType);
    return new Promise((resolve) => {
      const finish = (outcome: UnaryOutcome): void => {
        this.running.delete(end);
        signal.removeEventListener('abort', leave);
        resolve(outcome);
      };
      const call: IncomingCall = {
        body: bodyOf(body, route.text),
        remainingMs: typeof timeoutMs === 'number' && timeoutMs > 0 ? timeoutMs : 0,
        metadata,
        peer: typeof from === 'string' ? { service: from, ...peer } : peer,
        reply: (reply) => finish({ body: bytesOf(reply) }),
        fail: (error, delivered) => finish({ error, delivered }),
      };
      const work = this.acceptor.call(route, call);
      const end = (outcome: UnaryOutcome): void => {
        work.cancel();
        finish(outcome);
      };
      const leave = (): void =>
        end({ error: remoteError('canceled', 'the caller has left'), delivered: 'maybe' });
      this.running.add(end);
      signal.addEventListener('abort', leave);
      if (signal.aborted) leave();
    });
  }

  private gone(delivered: 'no' | 'maybe'): UnaryOutcome {
    const error = remoteError('unavailable', `the listener at ${this.address} is closed`, {
      id: 'go.micro.transport',
    });
    return { error, delivered };
  }
}

/** Undefined for what is no metadata. */
function metadataOf(received: unknown): Metadata | undefined {
  if (received === undefined) return noMetadata;
  if (typeof received !== 'object' || received === null) return undefined;
  const texts = Object.values(received).every((value) => typeof value === 'string');
  return texts ? mergeMetadata(undefined, received as Metadata) : undefined;
}
