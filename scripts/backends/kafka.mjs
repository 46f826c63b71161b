import { createPrivateKey, randomBytes } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
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
          ports: [1, 2, 3, 4, 5],
          data: join(folder, 'template'),
        });
      }),
      unpacked: (root) => ({ classPath: join(root, 'lib/*'), template: join(root, 'template') }),
    },
  },
  ports: 7,
  // `sasl` takes SASL/PLAIN: alice, with the password alice-secret; `saslTls` over TLS. Kafka tells clients where to
  // go: those that come to `proxied` are told `proxy`, where nobody listens but for a proxy of the test's.
  addresses: ([port, sasl, , proxied, proxy, tlsPort, saslTls], { tls } = {}) =>
    Object.fromEntries(
      Object.entries({ url: port, sasl, proxied, proxy, ...(tls && { tls: tlsPort, saslTls }) }).map(
        ([name, at]) => [name, `127.0.0.1:${at}`],
      ),
    ),
  // options.config: more lines of server.properties. options.tls: { certFile, keyFile, caFile }. options.scram: alice
  // may log in by SCRAM, too.
  async prepare({ programs, folder, ports, options: { config = [], tls, scram = false } = {} }) {
    const data = join(folder, 'data');
    const lines = [
      ...(tls === undefined ? [] : await tlsLines(tls, folder)),
      ...(scram ? scramLines : []),
      ...config,
    ];
    await writeFile(join(folder, 'server.properties'), properties(ports, data, lines, tls !== undefined));
    if (await exists(join(data, 'meta.properties'))) return;
    const { template } = programs.kafka;
    if (template === undefined || scram) await format({ ...programs, folder, ports, data, scram });
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
async function format({ java: command, kafka: { classPath }, folder, ports, data, scram = false }) {
  await mkdir(data, { recursive: true });
  const config = join(folder, 'format.properties');
  await writeFile(config, properties(ports, data, []));
  const main = 'kafka.tools.StorageTool';
  const args = javaArguments({ heapMb: 256, classPath, main });
  const users = scram ? scramMechanisms : [];
  await run(command, [
    ...[...args, 'format', '-t', randomBytes(16).toString('base64url'), '-c', config],
    ...users.flatMap((name) => ['--add-scram', `${name}=[name=alice,password=alice-secret]`]),
  ]);
}

// Its users are in the metadata, and the first of them must be there before the first start (KIP-900).
const scramMechanisms = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];
const scramLines = [
  `sasl.enabled.mechanisms=${['PLAIN', ...scramMechanisms].join()}`,
  ...['sasl', 'sasltls'].flatMap((listener) =>
    scramMechanisms.map(
      (name) =>
        `listener.name.${listener}.${name.toLowerCase()}.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;`,
    ),
  ),
];

// Metadata request, version 1, of no topic (Kafka protocol): the answer begins with its length, our id, and how many
// brokers live.
async function serves(port) {
  const request = Buffer.from('0000000e0003000100000001ffff00000000', 'hex');
  const answer = await ask(port, request, 12);
  return answer.length >= 12 && answer.readInt32BE(4) === 1 && answer.readInt32BE(8) === 1;
}

/** The certificate and its key in one PEM file, as Kafka takes it: the key in PKCS #8 (KIP-651). */
async function tlsLines({ certFile, keyFile, caFile }, folder) {
  const keystore = join(folder, 'keystore.pem');
  const key = createPrivateKey(await readFile(keyFile)).export({ type: 'pkcs8', format: 'pem' });
  await writeFile(keystore, `${key}${await readFile(certFile, 'utf8')}`);
  return [
    ...['ssl.keystore.type=PEM', `ssl.keystore.location=${keystore}`],
    ...(caFile === undefined ? [] : ['ssl.truststore.type=PEM', `ssl.truststore.location=${caFile}`]),
    ...(caFile === undefined ? [] : ['listener.name.tls.ssl.client.auth=required']),
  ];
}

function properties([port, sasl, controller, proxied, proxy, tls, saslTls], data, more, withTls = false) {
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule';
  const protocols = {
    ...{ PLAIN: 'PLAINTEXT', SASL: 'SASL_PLAINTEXT', PROXIED: 'PLAINTEXT' },
    ...(withTls && { TLS: 'SSL', SASLTLS: 'SASL_SSL' }),
  };
  const named = (ports) =>
    Object.keys(protocols)
      .map((name) => `${name}://127.0.0.1:${ports[name]}`)
      .join();
  const listening = { PLAIN: port, SASL: sasl, PROXIED: proxied, TLS: tls, SASLTLS: saslTls };
  const map = Object.entries({ ...protocols, CTL: 'PLAINTEXT' })
    .map((pair) => pair.join(':'))
    .join();
  const plain = `plain.sasl.jaas.config=${login} required user_alice="alice-secret";`;
  return [
    ...['process.roles=broker,controller', 'node.id=1', `controller.quorum.voters=1@127.0.0.1:${controller}`],
    `listeners=${named(listening)},CTL://127.0.0.1:${controller}`,
    `advertised.listeners=${named({ ...listening, PROXIED: proxy })}`,
    `listener.security.protocol.map=${map}`,
    ...['inter.broker.listener.name=PLAIN', 'controller.listener.names=CTL'],
    'sasl.enabled.mechanisms=PLAIN',
    ...['sasl', 'sasltls'].map((name) => `listener.name.${name}.${plain}`),
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
