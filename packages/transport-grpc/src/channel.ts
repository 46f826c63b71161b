import { isIPv4, isIPv6 } from 'node:net';
import { createSecureContext } from 'node:tls';
import {
  Channel,
  type ChannelCredentials,
  type ChannelInterface,
  type ChannelOptions,
  connectivityState,
  credentials,
} from '@grpc/grpc-js';
import { report, type TlsOptions } from '@micro/core';
import { parseTarget, type SocketAddress, tlsClientOptions } from '@micro/core/plugin';
import type { Settings } from './options.ts';

/** Reads an address that can be dialled. Throws `bad_request`. */
export function readTarget(text: string): string {
  return targetOf(parseTarget(text));
}

/** The address in gRPC's spelling (grpc/grpc: doc/naming.md). */
function targetOf({ host = 'localhost', port, path }: SocketAddress): string {
  if (path !== undefined) return `unix:${path}`;
  if (isIPv4(host)) return `ipv4:${host}:${port}`;
  return isIPv6(host) ? `ipv6:[${host}]:${port}` : `dns:${host}:${port}`;
}

/** A channel: one connection, made with the first call, shared by all, and made again when it is lost. */
export function openChannel(target: string, settings: Settings): ChannelInterface {
  const { tls } = settings;
  const options: ChannelOptions = {
    'grpc.max_receive_message_length': settings.maxMessageBytes,
    'grpc.keepalive_time_ms': settings.keepaliveMs,
    'grpc.keepalive_timeout_ms': settings.keepaliveTimeoutMs,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2_000,
    // core retries, and only core knows when that is safe; without a buffer a call knows its connection at once
    'grpc.enable_retries': 0,
    'grpc.per_rpc_retry_buffer_size': 0,
    // a closed connection has to be closed, not kept for others
    'grpc.use_local_subchannel_pool': 1,
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_channelz': 0,
    ...(tls?.serverName !== undefined && { 'grpc.ssl_target_name_override': tls.serverName }),
  };
  return new Channel(target, tls === undefined ? credentials.createInsecure() : secure(tls), options);
}

/** Reports, until the channel is closed, when it has a connection and when it has lost it. */
export function reportState(channel: ChannelInterface, address: string): void {
  let connected = false;
  const look = (): void => {
    const state = channel.getConnectivityState(false);
    if (connected !== (state === connectivityState.READY)) {
      connected = !connected;
      report(connected ? 'transport.connected' : 'transport.disconnected', address);
    }
    if (state !== connectivityState.SHUTDOWN)
      channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, look);
  };
  look();
}

function secure(tls: TlsOptions): ChannelCredentials {
  const { rejectUnauthorized = true, ...options } = tlsClientOptions(tls);
  return credentials.createFromSecureContext(createSecureContext(options), { rejectUnauthorized });
}
