import type { ServiceRecord } from '@micro/core';
import { encodeTags } from '../src/tags.ts';
import { put } from './access.ts';

const host = 'elsewhere';
/** So many operations Consul takes in a transaction. */
const mostOperations = 64;

/** Puts services into the catalog, as another host's agent would. Resolves with what takes them out. */
export async function populate(
  url: string,
  services: readonly ServiceRecord[],
): Promise<() => Promise<void>> {
  await put(url, 'catalog/register', { Node: host, Address: '10.0.0.1' });
  const operations = services.flatMap((service) =>
    service.nodes.map((node) => {
      const [Address, port] = node.address.split(':');
      const Tags = encodeTags(service, node);
      return {
        Service: {
          Verb: 'set',
          Node: host,
          Service: { ID: node.id, Service: service.name, Tags, Address, Port: Number(port) },
        },
      };
    }),
  );
  for (let begin = 0; begin < operations.length; begin += mostOperations) {
    await put(url, 'txn', operations.slice(begin, begin + mostOperations));
  }
  return async () => void (await put(url, 'catalog/deregister', { Node: host }));
}
