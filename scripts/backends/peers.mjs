import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { debianPackages, libraries } from './debian.mjs';
import { goModule, goSources } from './go-module.mjs';
import { onPath } from './processes.mjs';
import { obstacle } from './programs.mjs';
import { pythonModules } from './python-modules.mjs';

/**
 * Programs in other languages that tests run themselves, as clients or as servers; found, cached and fetched like the
 * servers. In a test file: `describePeer('grpc-go', (programs) => { ... })` of jest.mjs.
 */
const grpc = goModule('grpc', 'google.golang.org/grpc', [
  'google.golang.org/grpc/interop/client',
  'google.golang.org/grpc/interop/server',
  'github.com/fullstorydev/grpcurl/cmd/grpcurl',
]);
const protoc = debianPackages(
  'protoc',
  ['protobuf-compiler', 'libprotoc32', 'libprotobuf32', 'libprotobuf-dev'],
  async (target, final) => {
    // Its libraries lie beside it; the files of google/protobuf it finds from where it stands itself
    const script = `#!/bin/sh\nLD_LIBRARY_PATH=${libraries(final)} exec ${join(final, 'usr/bin/protoc')} "$@"\n`;
    await writeFile(join(target, 'protoc'), script);
    await chmod(join(target, 'protoc'), 0o755);
  },
);
const built = (name) => ({ name, source: grpc, unpacked: (root) => join(root, name) });

export const peers = {
  /** gRPC's own interoperability client and server in Go, and grpcurl. */
  'grpc-go': {
    name: 'grpc-go',
    programs: { client: built('client'), server: built('server'), grpcurl: built('grpcurl') },
  },
  /** Clients of Go's standard library: HTTP on kept connections, and go-micro's tcp transport by encoding/gob. */
  go: {
    name: 'go',
    programs: {
      clients: { name: 'clients', source: goSources('clients'), unpacked: (root) => join(root, 'clients') },
    },
  },
  /** protoc itself, with google/protobuf to import. */
  protoc: {
    name: 'protoc',
    programs: {
      protoc: {
        name: 'protoc',
        installed: () => onPath('protoc'),
        source: protoc,
        unpacked: (root) => join(root, 'protoc'),
      },
    },
  },
  /** `modules` for PYTHONPATH: grpcio, with its health checking and reflection. */
  'grpc-python': {
    name: 'grpc-python',
    programs: {
      python: { name: 'python3', source: pythonModules('grpc'), unpacked: () => onPath('python3') },
      modules: { name: 'grpcio', source: pythonModules('grpc'), unpacked: (root) => join(root, 'modules') },
    },
  },
};

export function peerNamed(name) {
  if (Object.hasOwn(peers, name)) return peers[name];
  throw new Error(`no peer ${name} (have: ${Object.keys(peers).join(', ')})`);
}

/** Why the peer cannot be run at once, in a line that says how to get it; undefined when it can. */
export async function whyNoPeer(name) {
  if (process.env.MICRO_BACKENDS === 'required') return undefined;
  for (const program of Object.values(peerNamed(name).programs)) {
    const reason = await obstacle(program);
    if (reason !== undefined) return `${reason}: npm run backends -- fetch ${name}`;
  }
  return undefined;
}
