import { MicroError } from '@micro/core';

const plain = /^[\w.-]*$/;

/**
 * The path of an endpoint, as go-micro spells it (go-micro v4 plugins: client/grpc/request.go): `Greeter.Hello` of
 * the service `greeter` is `/greeter.Greeter/Hello`. An endpoint that begins with a slash is a path already.
 * Throws `bad_request` for what cannot be a path.
 */
export function pathOf(service: string, endpoint: string): string {
  if (/^\/[\x21-\x7e]+$/.test(endpoint)) return endpoint;
  const [handler, method, more] = endpoint.split('.');
  if (!handler || !method || more !== undefined || !plain.test(endpoint))
    throw new MicroError(
      'bad_request',
      `endpoint "${endpoint}" is neither Name.Method nor /package.Name/Method`,
    );
  return service === '' ? `/${handler}/${method}` : `/${escaped(service)}.${handler}/${method}`;
}

/** Names of services are any text; a path is not. */
function escaped(service: string): string {
  return plain.test(service) ? service : encodeURIComponent(Buffer.from(service).toString());
}

export interface Called {
  readonly service: string;
  readonly endpoint: string;
}

/** Who is called by a path, of which the last dot separates the service; undefined for what has not two parts. */
export function readPath(path: string): Called | undefined {
  const [empty, name, method, more] = path.split('/');
  if (empty !== '' || !name || !method || more !== undefined) return undefined;
  const dot = name.lastIndexOf('.');
  return {
    service: unescaped(name.slice(0, Math.max(0, dot))),
    endpoint: `${name.slice(dot + 1)}.${method}`,
  };
}

function unescaped(service: string): string {
  if (!service.includes('%')) return service;
  try {
    return decodeURIComponent(service);
  } catch {
    return service; // a foreign client's own spelling: nothing is routed by it
  }
}
