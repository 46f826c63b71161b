import { MicroError } from '@micro/core';
import { encodeError } from '@micro/core/plugin';

const maxText = 32_768;

/** The body of an ERROR: go-micro's error as JSON in ASCII. A message that makes it too long is cut. */
export function errorText(error: MicroError): string {
  const text = encodeError(error);
  if (text.length <= maxText) return text;
  const short = `${error.message.slice(0, maxText / 8)}...`;
  return encodeError(new MicroError(error.code, short, { id: error.id.slice(0, 256), status: error.status }));
}
