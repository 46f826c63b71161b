import { type MicroError, remoteError } from './errors.ts';
import type { Remote } from './remote.ts';

/** Why there is no node to call: the client is closed, the registry silent, nothing registered, or the filter keeps none. */
export function noNode({ service, target }: Remote): MicroError {
  const id = 'go.micro.client';
  if (service.closed) return remoteError('unavailable', 'the client is closed', { id });
  if (!service.known) {
    const cause = service.failure;
    const silent = `the registry cannot be asked for service "${target.service}": ${String(cause)}`;
    return remoteError('unavailable', silent, { id, cause });
  }
  const reason =
    service.nodes.all.length === 0 ? 'not found: no node is registered' : 'has no node that the filter keeps';
  return remoteError('not_found', `service "${target.service}" ${reason}`, { id });
}
