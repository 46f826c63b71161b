import { join } from 'node:path';
import { debianPackages } from './debian.mjs';
import { answers } from './ports.mjs';
import { onPath } from './processes.mjs';

/** etcd: one member. Short elections, so that leases of one second are kept to the second; no fsync. */
export const etcd = {
  name: 'etcd',
  variable: 'ETCD_URL',
  programs: {
    etcd: {
      name: 'etcd',
      installed: () => onPath('etcd'),
      source: debianPackages('etcd', ['etcd-server']),
      unpacked: (root) => join(root, 'usr/bin/etcd'),
    },
  },
  ports: 3,
  // options.tls: { certFile, keyFile, caFile? }; with caFile, clients have to have a certificate of it.
  addresses: ([port], { tls } = {}) => ({
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
  }),
  daemons({ programs, folder, ports, options: { tls, args = [] } = {} }) {
    const { url } = etcd.addresses(ports, { tls });
    const [, peers, metrics] = ports.map((port) => `http://127.0.0.1:${port}`);
    const flags = {
      name: 'n1',
      'data-dir': join(folder, 'data'),
      logger: 'zap',
      'log-outputs': 'stderr',
      'listen-client-urls': url,
      'advertise-client-urls': url,
      'listen-peer-urls': peers,
      'initial-advertise-peer-urls': peers,
      'initial-cluster': `n1=${peers}`,
      'heartbeat-interval': '50',
      'election-timeout': '500',
      'unsafe-no-fsync': 'true',
      // answers /health without TLS
      'listen-metrics-urls': metrics,
      ...(tls && { 'cert-file': tls.certFile, 'key-file': tls.keyFile }),
      ...(tls?.caFile && { 'trusted-ca-file': tls.caFile, 'client-cert-auth': 'true' }),
    };
    const given = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
    const ready = () => answers(`${metrics}/health`, 'true');
    return [{ name: 'etcd', command: programs.etcd, args: [...given, ...args], ready }];
  },
};
