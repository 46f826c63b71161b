import { realpathSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { debianPackages } from './debian.mjs';
import { java, javaArguments } from './java.mjs';
import { ask } from './ports.mjs';
import { onPath } from './processes.mjs';

const packages = [
  ...['zookeeper', 'slf4j', 'commons-cli', 'commons-io', 'findbugs-annotations', 'jackson2-annotations'],
  ...['jackson2-core', 'jackson2-databind', 'jetty9', 'servlet-api', 'dropwizard-metrics', 'netty', 'snappy'],
].map((name) => `lib${name}-java`);

// The manifest of zookeeper.jar names its jars as /usr/share/java/..., so all are named here.
const jars = [
  ...[
    'zookeeper',
    'zookeeper-jute',
    'slf4j-api',
    'slf4j-simple',
    'commons-cli',
    'commons-io',
    'metrics-core',
  ],
  ...['findbugs-annotations', 'jackson-annotations', 'jackson-core', 'jackson-databind', 'snappy-java'],
  ...['buffer', 'codec', 'common', 'handler', 'resolver', 'transport', 'transport-native-epoll'].map(netty),
  ...['client', 'http', 'io', 'security', 'server', 'servlet', 'util'].map((part) => `jetty9-${part}`),
  'servlet-api',
];

/** ZooKeeper: one server. Short ticks, so that sessions of less than half a second can be asked for; no fsync. */
export const zookeeper = {
  name: 'zookeeper',
  variable: 'ZOOKEEPER_URL',
  programs: {
    java,
    classPath: {
      name: 'zkServer.sh',
      installed() {
        const script = onPath('zkServer.sh');
        return script && join(dirname(realpathSync(script)), '../lib/*');
      },
      source: debianPackages('zookeeper', [...packages, 'libsnappy-jni', 'libsnappy1v5']),
      unpacked: (root) => jars.map((jar) => join(root, 'usr/share/java', `${jar}.jar`)).join(':'),
    },
  },
  ports: 1,
  addresses: ([port]) => ({ url: `127.0.0.1:${port}` }),
  // options.config: more lines of zoo.cfg.
  async prepare({ folder, ports: [port], options: { config = [] } = {} }) {
    const lines = [
      ...['tickTime=200', 'initLimit=10', 'syncLimit=5', 'minSessionTimeout=400', 'maxSessionTimeout=60000'],
      ...[`dataDir=${join(folder, 'data')}`, 'forceSync=no', 'admin.enableServer=false'],
      ...[`clientPort=${port}`, 'clientPortAddress=127.0.0.1', 'maxClientCnxns=0'],
      '4lw.commands.whitelist=srvr,stat,cons,dump,mntr',
      ...config,
    ];
    await writeFile(join(folder, 'zoo.cfg'), `${lines.join('\n')}\n`);
  },
  daemons({ programs, folder, ports: [port] }) {
    const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
    const args = javaArguments({ heapMb: 128, classPath: programs.classPath, main });
    const config = join(folder, 'zoo.cfg');
    return [
      { name: 'zookeeper', command: programs.java, args: [...args, config], ready: () => serves(port) },
    ];
  },
};

// `ruok` answers imok before it serves anybody.
async function serves(port) {
  return (await ask(port, 'srvr', 1_000)).includes('Mode:');
}

function netty(part) {
  return `netty-${part}`;
}
