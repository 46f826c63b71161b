/** `node:tls`, loaded by the first who speaks it: it costs a process that does not more than a megabyte. */
export function tlsModule(): typeof import('node:tls') {
  return process.getBuiltinModule('node:tls');
}
