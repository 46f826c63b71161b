import { setMaxListeners } from 'node:events';
import { InterceptingCall, type Interceptor, type StatusObject, status } from '@grpc/grpc-js';
import { abortable } from '@micro/core/plugin';
import { ConstantBackoff, handleType, noop, retry } from 'cockatiel';
import { Etcd3, GRPCUnauthenticatedError, GRPCUnavailableError } from 'etcd3';
import { credentialsOf } from './credentials.ts';
import { closedError, etcdError } from './errors.ts';
import type { Settings } from './options.ts';

/** The one connection of a registry. The first use opens it. */
export interface Connection {
  /**
   * What the requests answer; logs in first where that is needed, and again where etcd has forgotten us. Rejects with
   * a MicroError, at once when the connection is closed.
   */
  request<T>(run: (client: Etcd3) => Promise<T>): Promise<T>;
  /** Aborts when the connection is closed. */
  readonly closed: AbortSignal;
  close(): void;
}

// A channel that is silent for 10 s is pinged, and given up 5 s later. etcd takes pings more often than every 5 s for
// an attack (--grpc-keepalive-min-time).
const channelOptions = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  // A page of the largest records that etcd takes would not fit into gRPC's 4 MiB.
  'grpc.max_receive_message_length': 64 << 20,
};

export function newConnection({ hosts, tls, user, timeoutMs }: Settings): Connection {
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // one for each wait under way
  let token: string | undefined;
  let loggingIn: Promise<unknown> | undefined;

  const client = new Etcd3({
    hosts: [...hosts],
    ...(tls !== undefined && { credentials: credentialsOf(tls) }),
    grpcOptions: { ...channelOptions, ...(tls?.serverName !== undefined && nameOverride(tls.serverName)) },
    defaultCallOptions: ({ isStream }) => ({
      interceptors: [identify],
      ...(!isStream && { deadline: Date.now() + timeoutMs }),
    }),
    faultHandling: {
      // Its breaker would keep us out for 5 s after the server is back. Members are tried once each instead.
      host: () => noop,
      global: retry(handleType(GRPCUnavailableError), {
        maxAttempts: hosts.length - 1,
        backoff: new ConstantBackoff(0),
      }),
    },
  });

  // The library's own login opens a connection for each token, and never closes it; and asks for ever where tokens
  // are refused for good, which it knows by the server's text.
  const identify: Interceptor = (options, next) =>
    new InterceptingCall(next(options), {
      start(metadata, _listener, proceed) {
        if (token !== undefined) metadata.set('token', token);
        proceed(metadata, { onReceiveStatus: (end, pass) => pass(withoutToken(end)) });
      },
    });

  async function login(): Promise<void> {
    if (user === undefined || token !== undefined) return;
    loggingIn ??= client.auth
      .authenticate(user)
      .then((answer) => {
        ({ token } = answer);
      })
      .finally(() => {
        loggingIn = undefined;
      });
    await loggingIn;
  }

  async function attempt<T>(run: (client: Etcd3) => Promise<T>): Promise<T> {
    await login();
    const used = token;
    try {
      return await run(client);
    } catch (error) {
      if (user === undefined || !(error instanceof GRPCUnauthenticatedError)) throw error;
      // Tokens live for five minutes, and not longer than the server.
      if (token === used) token = undefined;
      await login();
      return run(client);
    }
  }

  return {
    async request(run) {
      if (closing.signal.aborted) throw closedError();
      try {
        return await abortable(attempt(run), closing.signal);
      } catch (error) {
        throw etcdError(error);
      }
    },
    closed: closing.signal,
    close() {
      closing.abort(closedError());
      client.close();
    },
  };
}

function withoutToken(end: StatusObject): StatusObject {
  if (!end.details.includes('invalid auth token')) return end;
  return { ...end, code: status.UNAUTHENTICATED, details: 'etcd has refused the token' };
}

function nameOverride(name: string): Readonly<Record<string, string>> {
  return { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name };
}
