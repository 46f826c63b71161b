import { randomBytes } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists } from './cache.mjs';
import { java, javaArguments } from './java.mjs';
import { mavenJars } from './maven.mjs';
import { ask } from './ports.mjs';
import { onPath, run } from './processes.mjs';
import { provide } from './programs.mjs';

const version = '4.3.1';
const dependencies = [
  // The excluded one is not needed by a broker.
  { group: 'org.apache.kafka', artifact: 'kafka_2.13', version, without: ['kafka-tools-api'] },
  // One quiet logger, without a configuration file; of the version of Kafka's slf4j-api.
  { group: 'org.slf4j', artifact: 'slf4j-simple', version: '1.7.36' },
];

/**
 * Apache Kafka in KRaft mode: one node, broker and controller. Its waits, seconds by default, are made short: for the
 * first member of a group, for the old session of a killed broker.
 */
export const kafka = {
  name: 'kafka',
  variable: 'KAFKA_BROKERS',
  programs: {
    java,
    kafka: {
      name: 'kafka-server-start.sh',
      installed() {
        const script = onPath('kafka-server-start.sh');
        return script && { classPath: join(dirname(realpathSync(script)), '../libs/*') };
      },
      source: mavenJars('kafka', version, dependencies, async (folder) => {
        const program = { classPath: join(folder, 'lib/*') };
        await format({
          java: await provide(java),
          kafka: program,
          folder,
          ports: [1, 2, 3],
          data: join(folder, 'template'),
        });
      }),
      unpacked: (root) => ({ classPath: join(root, 'lib/*'), template: join(root, 'template') }),
    },
  },
  ports: 3,
  // `sasl` takes SASL/PLAIN: alice, with the password alice-secret.
  addresses: ([port, saslPort]) => ({ url: `127.0.0.1:${port}`, sasl: `127.0.0.1:${saslPort}` }),
  // options.config: more lines of server.properties.
  async prepare({ programs, folder, ports, options: { config = [] } = {} }) {
    const data = join(folder, 'data');
    await writeFile(join(folder, 'server.properties'), properties(ports, data, config));
    if (await exists(join(data, 'meta.properties'))) return;
    const { template } = programs.kafka;
    if (template === undefined) await format({ ...programs, folder, ports, data });
    else await cp(template, data, { recursive: true });
  },
  daemons({ programs, folder, ports: [port] }) {
    const main = 'kafka.Kafka';
    const args = javaArguments({ heapMb: 256, classPath: programs.kafka.classPath, main });
    const config = join(folder, 'server.properties');
    return [{ name: 'kafka', command: programs.java, args: [...args, config], ready: () => serves(port) }];
  },
};

/** Makes a data folder. A start of Java, two seconds: done once, and copied from then on. */
async function format({ java: command, kafka: { classPath }, folder, ports, data }) {
  await mkdir(data, { recursive: true });
  const config = join(folder, 'format.properties');
  await writeFile(config, properties(ports, data, []));
  const main = 'kafka.tools.StorageTool';
  const args = javaArguments({ heapMb: 256, classPath, main });
  await run(command, [...args, 'format', '-t', randomBytes(16).toString('base64url'), '-c', config]);
}

// Metadata request, version 1, of no topic (Kafka protocol): the answer begins with its length, our id, and how many
// brokers live.
async function serves(port) {
  const request = Buffer.from('0000000e0003000100000001ffff00000000', 'hex');
  const answer = await ask(port, request, 12);
  return answer.length >= 12 && answer.readInt32BE(4) === 1 && answer.readInt32BE(8) === 1;
}

function properties([port, saslPort, controllerPort], data, more) {
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule';
  const listeners = `PLAIN://127.0.0.1:${port},SASL://127.0.0.1:${saslPort}`;
  return [
    ...[
      'process.roles=broker,controller',
      'node.id=1',
      `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    ],
    `listeners=${listeners},CTL://127.0.0.1:${controllerPort}`,
    `advertised.listeners=${listeners}`,
    'listener.security.protocol.map=PLAIN:PLAINTEXT,SASL:SASL_PLAINTEXT,CTL:PLAINTEXT',
    ...['inter.broker.listener.name=PLAIN', 'controller.listener.names=CTL'],
    'sasl.enabled.mechanisms=PLAIN',
    `listener.name.sasl.plain.sasl.jaas.config=${login} required user_alice="alice-secret";`,
    `log.dirs=${data}`,
    // one node; one partition unless a test asks for more
    ...['auto.create.topics.enable=true', 'num.partitions=1', 'default.replication.factor=1'],
    ...['offsets.topic.replication.factor=1', 'offsets.topic.num.partitions=1'],
    ...['transaction.state.log.replication.factor=1', 'transaction.state.log.min.isr=1'],
    'transaction.state.log.num.partitions=1',
    // 3 s and 6 s by default
    ...['group.initial.rebalance.delay.ms=0', 'group.min.session.timeout.ms=1000'],
    // 9 s by default
    ...['broker.session.timeout.ms=1000', 'broker.heartbeat.interval.ms=250'],
    // 128 MB of the heap by default
    'log.cleaner.dedupe.buffer.size=2097152',
    ...['num.network.threads=2', 'num.io.threads=4'],
    ...more,
    '',
  ].join('\n');
}
