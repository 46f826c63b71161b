import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { debianPackages } from './debian.mjs';
import { onPath, run } from './processes.mjs';

const oldest = 17; // what Kafka 4's broker needs

/** A Java runtime. */
export const java = {
  name: 'java',
  async installed() {
    const command = onPath('java');
    if (command === undefined) return undefined;
    const [, version] = /^java\.specification\.version = (\d+)/m.exec(await settings(command)) ?? [];
    return Number(version) >= oldest ? command : undefined;
  },
  source: debianPackages('java', ['openjdk-17-jre-headless']),
  async unpacked(root) {
    const machines = join(root, 'usr/lib/jvm');
    const [home] = (await readdir(machines)).filter((name) => name.startsWith('java-17-openjdk'));
    return join(machines, home, 'bin/java');
  },
};

/** Small and quickly started: servers of tests live for seconds. */
export function javaArguments({ heapMb, logLevel = 'warn', classPath, main }) {
  const machine = [`-Xmx${heapMb}m`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  return [...machine, `-Dorg.slf4j.simpleLogger.defaultLogLevel=${logLevel}`, '-cp', classPath, main];
}

// Java writes it where errors go.
async function settings(command) {
  const shown = ['-c', '"$0" -XshowSettings:properties -version 2>&1', command];
  return (await run('/bin/sh', shown)).replaceAll(/^ +/gm, '');
}
