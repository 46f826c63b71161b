import type { BackendName, BackendOptions, BackendServer } from './index.mjs';

export interface BackendTests {
  /** Starts a server of its own for these tests; closed after the last of them. */
  start(options?: BackendOptions): Promise<BackendServer>;
}

/** Await it at the top of a test file: what is inside is skipped, by name, where the backend is missing. */
export function describeBackend(
  name: BackendName,
  body: (backend: BackendTests) => void,
  options?: Pick<BackendOptions, 'shared'>,
): Promise<void>;

/** Await it at the top of a test file: what is inside is skipped, by name, where the peer is missing. */
export function describePeer(
  name: 'grpc-go',
  body: (programs: { readonly client: string; readonly server: string; readonly grpcurl: string }) => void,
): Promise<void>;
export function describePeer(
  name: 'protoc',
  body: (programs: { readonly protoc: string }) => void,
): Promise<void>;
export function describePeer(
  name: 'grpc-python',
  body: (programs: { readonly python: string; readonly modules: string }) => void,
): Promise<void>;
export function describePeer(
  name: 'go',
  body: (programs: { readonly clients: string }) => void,
): Promise<void>;
