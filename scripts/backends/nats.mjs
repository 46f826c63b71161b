import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianPackages } from './debian.mjs';
import { goModule } from './go-module.mjs';
import { answers } from './ports.mjs';
import { onPath, run } from './processes.mjs';

/** A current nats-server, with JetStream: 2.12 and later keep a TTL per key. */
export const nats = server('nats', 'NATS_URL', {
  name: 'nats-server',
  async installed() {
    const command = onPath('nats-server');
    if (command === undefined) return undefined;
    const [, major, minor] = /v(\d+)\.(\d+)/.exec(await run(command, ['--version'])) ?? [];
    return Number(major) === 2 && Number(minor) >= 12 ? command : undefined;
  },
  source: goModule('nats', 'github.com/nats-io/nats-server/v2'),
  unpacked: (root) => join(root, 'nats'),
});

/** Debian's nats-server, years old (2.9 in Debian 12), as people still run it. */
export const natsDebian = server('nats-debian', 'NATS_DEBIAN_URL', {
  name: 'nats-server',
  source: debianPackages('nats', ['nats-server']),
  unpacked: (root) => join(root, 'usr/sbin/nats-server'),
});

function server(name, variable, program) {
  return {
    name,
    variable,
    programs: { nats: program },
    ports: 2,
    // options.tls: { certFile, keyFile, caFile? }; with caFile, clients have to have a certificate of it.
    addresses: ([port, monitor], { tls } = {}) => ({
      url: `${tls === undefined ? 'nats' : 'tls'}://127.0.0.1:${port}`,
      monitor: `http://127.0.0.1:${monitor}`,
    }),
    // options.config: text in the server's configuration language, such as 'authorization { user: u, password: p }'.
    daemons({ programs, folder, ports: [port, monitor], options: { tls, config = '', args = [] } = {} }) {
      const file = join(folder, 'nats.conf');
      writeFileSync(file, tls === undefined ? config : `${certificates(tls)}\n${config}`);
      const listen = ['-a', '127.0.0.1', '-p', String(port), '-m', String(monitor)];
      const store = ['-js', '-sd', join(folder, 'data')];
      const ready = () => answers(`http://127.0.0.1:${monitor}/healthz`, 'ok');
      return [{ name, command: programs.nats, args: ['-c', file, ...listen, ...store, ...args], ready }];
    },
  };
}

function certificates({ certFile, keyFile, caFile }) {
  const authority = caFile === undefined ? '' : `ca_file: "${caFile}", verify: true`;
  return `tls { cert_file: "${certFile}", key_file: "${keyFile}", ${authority} }`;
}
