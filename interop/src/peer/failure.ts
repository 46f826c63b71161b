import type { MicroError } from '@micro/core';
import type { Failure } from '../protocol.ts';

export function failureOf(error: MicroError): Failure {
  const { id, status, message } = error;
  return { text: `${error.code}: ${message}`, id, code: status, detail: message };
}
