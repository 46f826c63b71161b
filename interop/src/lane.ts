import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { BackendServer } from '../../scripts/backends/index.mjs';
import type { GoPeer } from '../go/build.mjs';
import { Peer } from './peer-process.ts';
import type { Stack } from './stacks.ts';
import type { TlsFolder } from './tls-folder.ts';
import { ttlSeconds } from './ttl.ts';

export type Language = 'go' | 'ts';

export interface PeerOptions {
  /** Of the service. */
  readonly name: string;
  readonly version?: string;
  /** Topics, each with `=queue` when it is of one. */
  readonly subscribe?: readonly string[];
}

/** Where peers of one major of go-micro and ours meet: what they are made of, and who is running. */
export class Lane {
  readonly stack: Stack;
  readonly go: GoPeer;
  /** What the stack needs; set while they run. */
  servers: readonly BackendServer[] = [];
  /** Where the stack has TLS. */
  tls: TlsFolder | undefined;
  private readonly running = new Set<Peer>();
  private readonly shared = new Map<Language, Promise<Peer>>();
  private started = 0;
  private readonly id = randomBytes(3).toString('hex');

  constructor(stack: Stack, go: GoPeer) {
    this.stack = stack;
    this.go = go;
  }

  /** A name that nobody else has: of a service, a topic, a queue. */
  unique(name: string): string {
    return `${name}-${this.id}${++this.started}`;
  }

  /** A peer of its own; resolves when it is registered. It ends with `endSince`. */
  async start(language: Language, options: PeerOptions): Promise<Peer> {
    const { name, version = '1.0.0', subscribe = [] } = options;
    const env = {
      ...this.environment(language),
      MICRO_SERVER_NAME: name,
      MICRO_SERVER_VERSION: version,
      ...(subscribe.length > 0 ? { PEER_SUBSCRIBE: subscribe.join() } : {}),
    };
    const label = `${language}-${++this.started}`;
    const peer =
      language === 'go'
        ? new Peer(label, isGrpc(this.stack) ? this.go.grpcFile : this.go.file, [], env)
        : new Peer(label, process.execPath, [fileURLToPath(new URL('./peer/main.js', import.meta.url))], env);
    this.running.add(peer);
    return peer.ready();
  }

  /** The peer of the language that serves `serviceOf(language)` as long as the lane lives. */
  peer(language: Language): Promise<Peer> {
    const there = this.shared.get(language) ?? this.start(language, { name: this.serviceOf(language) });
    this.shared.set(language, there);
    return there;
  }

  serviceOf(language: Language): string {
    return `echo-${language}-${this.id}`;
  }

  /** Who is running now: for `endSince`. */
  present(): ReadonlySet<Peer> {
    return new Set(this.running);
  }

  /** Kills the peers that were started since then, but for the shared ones. */
  async endSince(before: ReadonlySet<Peer>): Promise<void> {
    const kept = new Set(await Promise.all(this.shared.values()));
    await this.killAll([...this.running].filter((peer) => !before.has(peer) && !kept.has(peer)));
  }

  /** What the peers have said last besides. */
  said(): string {
    return [...this.running].map(({ name, said }) => `--- ${name}\n${said}`).join('\n');
  }

  async close(): Promise<void> {
    await this.killAll([...this.running]);
  }

  private async killAll(peers: readonly Peer[]): Promise<void> {
    for (const peer of peers) this.running.delete(peer);
    await Promise.all(peers.map((peer) => peer.kill()));
  }

  private environment(language: Language): Record<string, string> {
    const { stack, servers, tls } = this;
    const options = tls === undefined ? stack.options : { ...stack.options, transport: tls.transport(stack) };
    const env: Record<string, string> = {
      MICRO_REGISTER_TTL: String(ttlSeconds),
      MICRO_REGISTER_INTERVAL: String(ttlSeconds / 3),
      MICRO_SERVER_ADDRESS: '127.0.0.1:0',
      MICRO_SERVER_METADATA: 'zone=eu',
      ...(language === 'ts' ? { MICRO_CODEC: stack.codec } : {}),
      PEER_CONTENT_TYPE: `application/${stack.codec}`,
      ...(options === undefined ? {} : { PEER_OPTIONS: JSON.stringify(options) }),
      ...(tls === undefined ? {} : { PEER_TLS: tls.folder }),
      ...stack.env?.(language, this.go.version),
    };
    // go-micro's gRPC is a client and a server, ours a transport
    const grpc = language === 'go' && isGrpc(stack);
    if (grpc) Object.assign(env, { MICRO_CLIENT: 'grpc', MICRO_SERVER: 'grpc' });
    for (const kind of ['registry', 'transport', 'broker'] as const) {
      if (kind === 'transport' && grpc) continue;
      const name = stack[kind];
      env[`MICRO_${kind.toUpperCase()}`] = name;
      const server = servers.find((one) => one.name === name);
      // go-micro's etcd and Consul plugins want host and port alone
      if (server !== undefined)
        env[`MICRO_${kind.toUpperCase()}_ADDRESS`] = server.url.replace('http://', '');
    }
    return env;
  }
}

/** Whether Go's peers have go-micro's gRPC client and server. */
const isGrpc = ({ transport, mucp }: Stack): boolean => transport === 'grpc' && mucp !== true;
