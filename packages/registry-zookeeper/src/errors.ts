import { type Code, isMicroError, MicroError } from '@micro/core';
import { isObject } from '@micro/core/plugin';
import { Exception } from 'node-zookeeper-client';

/** After `close()`. */
export function closedError(): MicroError {
  return new MicroError('unavailable', 'registry zookeeper: closed');
}

export function unavailable(what: string): MicroError {
  return new MicroError('unavailable', `registry zookeeper: ${what}`);
}

const codes: ReadonlyMap<unknown, Code> = new Map<unknown, Code>([
  [Exception.NO_AUTH, 'forbidden'],
  [Exception.AUTH_FAILED, 'unauthorized'],
  [Exception.INVALID_ACL, 'bad_request'],
  [Exception.BAD_ARGUMENTS, 'bad_request'],
  [Exception.MARSHALLING_ERROR, 'bad_request'],
]);

/** What the client library has handed to a callback. */
export function zookeeperError(error: unknown): MicroError {
  if (isMicroError(error)) return error;
  const text = isObject(error) ? String(error.message) : String(error);
  return new MicroError(codes.get(codeOf(error)) ?? 'unavailable', `registry zookeeper: ${text}`, {
    cause: error,
  });
}

/** Whether it is this answer of ZooKeeper's. */
export function isCode(error: unknown, code: number): boolean {
  return codeOf(isMicroError(error) ? error.cause : error) === code;
}

function codeOf(error: unknown): unknown {
  return isObject(error) ? error.code : undefined;
}
