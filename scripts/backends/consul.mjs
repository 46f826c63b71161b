import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { goModule } from './go-module.mjs';
import { answers, listening } from './ports.mjs';
import { onPath } from './processes.mjs';

/**
 * Consul: one server that is its own datacenter, dc1, with its data on disk. 1.15.4, because 1.16.4 and later are not
 * under a free licence any more.
 */
export const consul = {
  name: 'consul',
  variable: 'CONSUL_HTTP_ADDR',
  programs: {
    consul: {
      name: 'consul',
      installed: () => onPath('consul'),
      source: goModule('consul', 'github.com/hashicorp/consul'),
      unpacked: (root) => join(root, 'consul'),
    },
  },
  ports: 4,
  addresses: ([port, , , tlsPort], { tls } = {}) => ({
    url: `http://127.0.0.1:${port}`,
    ...(tls && { tls: `https://127.0.0.1:${tlsPort}` }),
  }),
  // options.token: access control on, deny by default, and this is the management token. options.config: an object.
  async prepare({ folder, ports, options: { token, tls, config = {} } = {} }) {
    const [port, serverPort, gossipPort, tlsPort] = ports;
    const settings = {
      ...{
        server: true,
        bootstrap: true,
        node_name: 'n1',
        datacenter: 'dc1',
        data_dir: join(folder, 'data'),
      },
      ...{ bind_addr: '127.0.0.1', client_addr: '127.0.0.1', advertise_addr: '127.0.0.1' },
      ports: {
        ...{ http: port, server: serverPort, serf_lan: gossipPort, https: tls === undefined ? -1 : tlsPort },
        ...{ dns: -1, grpc: -1, grpc_tls: -1, serf_wan: -1 },
      },
      ...{ connect: { enabled: false }, peering: { enabled: false } },
      ...{ disable_update_check: true, disable_keyring_file: true },
      // The fastest there is: ready in about two seconds.
      performance: { raft_multiplier: 1, leave_drain_time: '0s', rpc_hold_timeout: '1s' },
      limits: { http_max_conns_per_client: 2_000 },
      ...{ leave_on_terminate: false, skip_leave_on_interrupt: true, log_level: 'WARN' },
      ...(token && { acl: accessControl(token) }),
      ...(tls && { tls: { defaults: certificates(tls) } }),
      ...config,
    };
    await writeFile(join(folder, 'consul.json'), JSON.stringify(settings));
  },
  daemons({ programs, folder, ports: [port, , , tlsPort], options: { token = '', tls } = {} }) {
    const args = ['agent', '-config-file', join(folder, 'consul.json')];
    const ready = async () =>
      (await hasLeader(port, token)) && (tls === undefined || (await listening(tlsPort)));
    return [{ name: 'consul', command: programs.consul, args, ready }];
  },
};

// Before a leader is known and the node is in the catalog, registrations fail.
async function hasLeader(port, token) {
  const url = `http://127.0.0.1:${port}/v1`;
  const headers = { 'X-Consul-Token': token };
  return (
    (await answers(`${url}/status/leader`, ':')) && (await answers(`${url}/catalog/nodes`, '"Node"', headers))
  );
}

function accessControl(token) {
  const tokens = { initial_management: token, agent: token };
  return { enabled: true, default_policy: 'deny', enable_token_persistence: true, tokens };
}

function certificates({ certFile, keyFile, caFile }) {
  const files = { cert_file: certFile, key_file: keyFile };
  return caFile === undefined ? files : { ...files, ca_file: caFile, verify_incoming: true };
}
