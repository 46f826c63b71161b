import { readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists } from './cache.mjs';
import { debianPackages, edit } from './debian.mjs';
import { ask, listening } from './ports.mjs';
import { onPath } from './processes.mjs';

const erlang = [
  ...[
    'base',
    'asn1',
    'crypto',
    'public-key',
    'mnesia',
    'runtime-tools',
    'ssl',
    'eldap',
    'ftp',
    'tftp',
    'inets',
  ],
  ...['snmp', 'os-mon', 'parsetools', 'syntax-tools', 'tools', 'xmerl'],
].map((part) => `erlang-${part}`);

/** RabbitMQ: one node with an Erlang port mapper of its own, which it would leave behind otherwise. */
export const rabbitmq = {
  name: 'rabbitmq',
  variable: 'RABBITMQ_URL',
  programs: {
    rabbitmq: {
      name: 'rabbitmq-server',
      async installed() {
        const [server, epmd, erl] = ['rabbitmq-server', 'epmd', 'erl'].map(onPath);
        return server && epmd && erl && { server, epmd, erl };
      },
      source: debianPackages('rabbitmq', ['rabbitmq-server', ...erlang], (root, final) =>
        rebase(root, final),
      ),
      async unpacked(root) {
        const { bin, runtime, home } = await parts(root);
        return {
          server: join(home, 'sbin/rabbitmq-server'),
          epmd: join(runtime, 'epmd'),
          erl: join(bin, 'erl'),
        };
      },
    },
  },
  ports: 4,
  addresses: ([port, , , tlsPort], { tls } = {}) => ({
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    ...(tls && { tls: `amqps://guest:guest@127.0.0.1:${tlsPort}` }),
  }),
  // options.config: lines of rabbitmq.conf. options.tls: { certFile, keyFile, caFile? }, for `addresses.tls`; with caFile,
  // clients have to have a certificate of it.
  async prepare({ folder, ports: [, , , tlsPort], options: { config = [], tls } = {} }) {
    const lines = [
      'loopback_users = none',
      ...['log.console = true', 'log.console.level = warning', 'log.file = false'],
      ...['disk_free_limit.absolute = 50MB', 'vm_memory_high_watermark.absolute = 512MB'],
      ...(tls === undefined ? [] : tlsLines(tls, tlsPort)),
      ...config,
    ];
    await writeFile(join(folder, 'rabbitmq.conf'), `${lines.join('\n')}\n`);
    await writeFile(join(folder, 'enabled_plugins'), '[].');
  },
  daemons({ programs: { rabbitmq: program }, folder, ports: [port, distributionPort, mapperPort] }) {
    const data = join(folder, 'data');
    const env = {
      PATH: [dirname(program.erl), process.env.PATH].join(':'),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      ERL_EPMD_PORT: String(mapperPort),
      RABBITMQ_NODENAME: 'micro@localhost',
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: String(port),
      RABBITMQ_DIST_PORT: String(distributionPort),
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
      RABBITMQ_MNESIA_BASE: data,
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      // The script becomes the server instead of waiting beside it: what is killed or frozen is the server.
      RABBITMQ_ALLOW_INPUT: 'true',
      RABBITMQ_SERVER_START_ARGS: '-noinput',
    };
    const mapper = ['-port', String(mapperPort), '-address', '127.0.0.1'];
    return [
      { name: 'epmd', command: program.epmd, args: mapper, ready: () => listening(mapperPort) },
      { name: 'rabbitmq', command: program.server, args: [], env, ready: () => speaks(port) },
    ];
  },
};

// The first eight bytes of a protocol that it does not know: it answers with those of its own (AMQP 0-9-1, 4.2.2).
async function speaks(port) {
  return (await ask(port, 'AMQP\0\0\0\0', 4)).subarray(0, 4).toString() === 'AMQP';
}

function tlsLines({ certFile, keyFile, caFile }, port) {
  return [
    `listeners.ssl.default = 127.0.0.1:${port}`,
    `ssl_options.certfile = ${certFile}`,
    `ssl_options.keyfile = ${keyFile}`,
    ...(caFile === undefined ? [] : callersOf(caFile)),
  ];
}

function callersOf(caFile) {
  const demands = ['verify = verify_peer', 'fail_if_no_peer_cert = true'];
  return [`cacertfile = ${caFile}`, ...demands].map((line) => `ssl_options.${line}`);
}

async function parts(root) {
  const erlangRoot = join(root, 'usr/lib/erlang');
  const [runtime] = (await readdir(erlangRoot)).filter((name) => name.startsWith('erts-'));
  const servers = join(root, 'usr/lib/rabbitmq/lib');
  const [home] = await readdir(servers);
  return {
    bin: join(erlangRoot, 'bin'),
    runtime: join(erlangRoot, runtime, 'bin'),
    home: join(servers, home),
  };
}

/** Erlang's start scripts have the folder fixed in them, and no variable to override it. */
async function rebase(root, final) {
  const { bin, runtime } = await parts(root);
  for (const folder of [bin, runtime]) {
    for (const script of ['erl', 'start']) {
      const file = join(folder, script);
      if (await exists(file))
        await edit(file, 'ROOTDIR=/usr/lib/erlang', `ROOTDIR=${join(final, 'usr/lib/erlang')}`);
    }
  }
}
