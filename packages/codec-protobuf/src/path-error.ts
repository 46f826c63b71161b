import { MicroError } from '@micro/core';

/** Something is wrong with a field; `path` leads to it from the message. */
export class PathError extends MicroError {
  readonly reason: string;
  readonly path: readonly string[];

  constructor(reason: string, path: readonly string[], typeName = '') {
    const where = [typeName, ...path].filter((part) => part !== '').join('.');
    super('bad_request', where === '' ? reason : `${where}: ${reason}`);
    this.reason = reason;
    this.path = path;
  }
}

export function isPathError(error: unknown): error is PathError {
  return error instanceof PathError;
}

/** Runs `work` for a part of a message; what goes wrong in it is found under `key`. */
export function under<T>(key: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw at(key, error);
  }
}

/** What went wrong in a part of a message, found under `key`. */
export function at(key: string, error: unknown): PathError {
  if (isPathError(error)) return new PathError(error.reason, [key, ...error.path]);
  return new PathError(error instanceof Error ? error.message : String(error), [key]);
}

/** Says of which message it was. */
export function within<T>(typeName: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isPathError(error)) throw new PathError(error.reason, error.path, typeName);
    throw error;
  }
}
