import { type Code, isMicroError, MicroError } from '@micro/core';
import {
  castGrpcError,
  EtcdAuthenticationFailedError,
  EtcdInvalidAuthTokenError,
  EtcdPermissionDeniedError,
  GRPCInvalidArgumentError,
  GRPCOutOfRangeError,
  GRPCResourceExhastedError,
  GRPCUnauthenticatedError,
} from 'etcd3';

/** What the client library, or etcd itself, has thrown: with etcd's own reason in the message. */
export function etcdError(thrown: unknown): MicroError {
  if (isMicroError(thrown)) return thrown;
  // What streams emit is gRPC's own.
  const error = thrown instanceof Error ? castGrpcError(thrown) : thrown;
  const text = error instanceof Error ? error.message : String(error);
  // The library puts gRPC's number and name before what the server said.
  const reason = text.replace(/^\d+ [A-Z_]+: /, '');
  return new MicroError(codeOf(error, reason), `registry etcd: ${reason}`, { cause: error });
}

/** After `close()`. */
export function closedError(): MicroError {
  return new MicroError('unavailable', 'registry etcd: closed');
}

/** Whether etcd has forgotten the revision that was asked for. */
export function isCompacted(error: unknown): boolean {
  const cause = isMicroError(error) ? error.cause : error;
  return cause instanceof GRPCOutOfRangeError && cause.message.includes('compacted');
}

function codeOf(error: unknown, reason: string): Code {
  // Two ways to say that a request, or the raft entry made of it, is too large.
  if (reason.includes('request is too large') || reason.includes('larger than max')) return 'too_large';
  if (reason.includes('user name is empty')) return 'unauthorized';
  if (error instanceof EtcdPermissionDeniedError || reason.includes('permission denied')) return 'forbidden';
  if (error instanceof GRPCInvalidArgumentError) return 'bad_request';
  if (error instanceof GRPCResourceExhastedError) return 'overloaded';
  return isRefusal(error) ? 'unauthorized' : 'unavailable';
}

function isRefusal(error: unknown): boolean {
  const refusals = [EtcdAuthenticationFailedError, EtcdInvalidAuthTokenError, GRPCUnauthenticatedError];
  return refusals.some((refusal) => error instanceof refusal);
}
