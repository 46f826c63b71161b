import { MicroError, type Target } from '@micro/core';

const maxText = 16_384;

/** Service, endpoint and content type, with a NUL between them. Throws `bad_request`. */
export function encodeTarget({ service, endpoint, contentType }: Target): string {
  const text = `${service}\0${endpoint}\0${contentType}`;
  if (text.length > maxText || text.split('\0').length !== 3) {
    throw new MicroError('bad_request', `the name of endpoint "${endpoint.slice(0, 200)}" cannot be sent`);
  }
  return text;
}

/** Undefined for what is none. */
export function decodeTarget(
  text: string,
): readonly [service: string, endpoint: string, type: string] | undefined {
  const [service, endpoint, type, ...more] = text.length > maxText ? [] : text.split('\0');
  if (service === undefined || endpoint === undefined || type === undefined || more.length > 0)
    return undefined;
  return [service, endpoint, type];
}
