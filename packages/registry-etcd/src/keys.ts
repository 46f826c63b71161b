/** Where go-micro keeps a node (docs/wire.md §7.2): the prefix, the service and the node's id. */
export function nodeKey(prefix: string, service: string, id: string): string {
  return `${servicePrefix(prefix, service)}${segment(id)}`;
}

/** What the keys of a service's nodes begin with: those of other services too, where their names look alike here. */
export function servicePrefix(prefix: string, service: string): string {
  return `${prefix}${segment(service)}/`;
}

/** etcd's end of the range of all keys that begin so: the last byte, one higher. The prefix ends in a slash. */
export function rangeOf(prefix: string): { readonly key: Buffer; readonly range_end: Buffer } {
  return { key: Buffer.from(prefix), range_end: Buffer.from(`${prefix.slice(0, -1)}0`) };
}

// As in Go: only the key is changed, the record keeps the name as it is.
function segment(name: string): string {
  return name.replaceAll('/', '-');
}
