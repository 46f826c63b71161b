/** A running server. Everything listens on 127.0.0.1. */
export interface BackendServer extends AsyncDisposable {
  readonly name: string;
  /** As its clients take it: `http://127.0.0.1:20001`, `nats://...`, `amqp://...`, `127.0.0.1:20001`. */
  readonly url: string;
  /** The url and what else it listens on, by name: see `addresses` in the backend's file. */
  readonly addresses: Readonly<Record<string, string>> & { readonly url: string };
  /** Starts a server that was stopped or killed, on the same ports, with its data. Resolves when it answers. */
  start(): Promise<void>;
  /** Ends it by SIGTERM. Resolves when it has gone. */
  stop(): Promise<void>;
  /** Ends it by SIGKILL. Resolves when it has gone. */
  kill(): Promise<void>;
  /** SIGSTOP: its connections stay open and nobody answers. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** Kills it and removes its data. */
  close(): Promise<void>;
}

export interface BackendOptions {
  /** Use the server whose address the environment has, where it has one. @default false */
  readonly shared?: boolean;
  /** Certificates, as paths. With `caFile`, where a backend can, clients need a certificate of it. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string; readonly caFile?: string };
  /** In the server's own language; an object for Consul, text for NATS, lines for the others. */
  readonly config?: string | readonly string[] | object;
  /** More command line arguments (etcd, NATS). */
  readonly args?: readonly string[];
  /** Kafka: its user may log in by SCRAM, too. */
  readonly scram?: boolean;
  /** Consul's initial management token; access control is on, and denies by default, when it is given. */
  readonly token?: string;
}

export type BackendName = 'etcd' | 'nats' | 'nats-debian' | 'zookeeper' | 'rabbitmq' | 'kafka' | 'consul';

export const required: boolean;
export function startBackend(name: BackendName, options?: BackendOptions): Promise<BackendServer>;
export function whyNot(
  name: BackendName,
  options?: Pick<BackendOptions, 'shared'>,
): Promise<string | undefined>;
