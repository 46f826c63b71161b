import { setMaxListeners } from 'node:events';
import { InterceptingCall, type Interceptor, type StatusObject, status } from '@grpc/grpc-js';
import { isMicroError } from '@micro/core';
import { abortable } from '@micro/core/plugin';
import { noop } from 'cockatiel';
import { Etcd3, GRPCDeadlineExceededError, GRPCUnauthenticatedError, GRPCUnavailableError } from 'etcd3';
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

/**
 * A member that is cut off from its leader ends streams that ask for it (etcd's api/v3rpc, `hasleader`). Without, a
 * watch there would tell of nothing, in silence; lookups it answers all the same.
 */
const requireLeader: Interceptor = (options, next) =>
  new InterceptingCall(next(options), {
    start(metadata, listener, proceed) {
      metadata.set('hasleader', 'true');
      proceed(metadata, listener);
    },
  });

export function newConnection(settings: Settings): Connection {
  const { hosts, tls, user, timeoutMs } = settings;
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // one for each wait under way
  let token: string | undefined;
  let loggingIn: Promise<unknown> | undefined;

  // The library's own login opens a connection for each token, and never closes it; and asks for ever where tokens
  // are refused for good, which it knows by the server's text.
  const identify: Interceptor = (options, next) =>
    new InterceptingCall(next(options), {
      start(metadata, _listener, proceed) {
        if (token !== undefined) metadata.set('token', token);
        proceed(metadata, { onReceiveStatus: (end, pass) => pass(withoutToken(end)) });
      },
    });

  // One client for each member: we stay with one while it answers, as Go's client does. The library's own pool takes
  // another for each request, those that are away too; and its breaker keeps out for 5 s what is back.
  const members = hosts.map(
    (host) =>
      new Etcd3({
        hosts: host,
        ...(tls !== undefined && { credentials: credentialsOf(tls) }),
        grpcOptions: {
          ...channelOptions,
          ...(tls?.serverName !== undefined && nameOverride(tls.serverName)),
        },
        defaultCallOptions: ({ isStream }) => ({
          interceptors: isStream ? [identify, requireLeader] : [identify],
          ...(!isStream && { deadline: Date.now() + timeoutMs }),
        }),
        faultHandling: { host: () => noop, global: noop },
      }),
  );
  let current = Math.floor(Math.random() * members.length);

  async function login(client: Etcd3): Promise<void> {
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

  async function askOne<T>(client: Etcd3, run: (client: Etcd3) => Promise<T>): Promise<T> {
    await login(client);
    const used = token;
    try {
      return await run(client);
    } catch (error) {
      if (user === undefined || !(error instanceof GRPCUnauthenticatedError)) throw error;
      // Tokens live for five minutes, and not longer than the server.
      if (token === used) token = undefined;
      await login(client);
      return run(client);
    }
  }

  /** Asks the members in turn, until one can be reached. */
  async function ask<T>(run: (client: Etcd3) => Promise<T>, tried = 1): Promise<T> {
    const asked = current;
    const client = members[asked];
    if (client === undefined) throw new RangeError('registry etcd: no members');
    try {
      return await askOne(client, run);
    } catch (error) {
      if (!isMembersFault(error)) throw error;
      if (current === asked) current = (asked + 1) % members.length;
      // One that was silent has taken the time there was.
      if (!(error instanceof GRPCUnavailableError) || tried === members.length) throw error;
      return ask(run, tried + 1);
    }
  }

  return {
    async request(run) {
      if (closing.signal.aborted) throw closedError();
      try {
        return await abortable(ask(run), closing.signal);
      } catch (error) {
        throw etcdError(error);
      }
    },
    closed: closing.signal,
    close() {
      closing.abort(closedError());
      for (const client of members) client.close();
    },
  };
}

/** Whether another member might have answered. */
function isMembersFault(error: unknown): boolean {
  const faults = [GRPCUnavailableError, GRPCDeadlineExceededError];
  return isMicroError(error, 'unavailable') || faults.some((fault) => error instanceof fault);
}

function withoutToken(end: StatusObject): StatusObject {
  if (!end.details.includes('invalid auth token')) return end;
  return { ...end, code: status.UNAUTHENTICATED, details: 'etcd has refused the token' };
}

function nameOverride(name: string): Readonly<Record<string, string>> {
  return { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name };
}
