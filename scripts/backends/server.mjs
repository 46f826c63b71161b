import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDaemon } from './daemon.mjs';
import { freePorts } from './ports.mjs';
import { provide } from './programs.mjs';

/** The backend's programs by their names in it, fetched when they are not there. */
export async function programsOf({ programs }, options) {
  const found = {};
  for (const [key, program] of Object.entries(programs)) found[key] = await provide(program, options);
  return found;
}

/** A server of this process, on free ports, with data of its own. See index.d.mts. */
export async function ownServer(backend, options = {}) {
  const programs = await programsOf(backend);
  const folder = await mkdtemp(join(tmpdir(), `micro-${backend.name}-`));
  const ports = await freePorts(backend.ports);
  let daemons = [];

  async function start() {
    if (daemons.length > 0) return;
    daemons = await startDaemons({ backend, programs, folder, ports, options });
  }
  // The last started is the first to go: RabbitMQ wants its port mapper to the end.
  async function end(how) {
    const ending = daemons.reverse();
    daemons = [];
    for (const daemon of ending) await daemon[how]();
  }
  const close = async () => {
    await end('kill');
    await rm(folder, { recursive: true, force: true });
  };

  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  const addresses = backend.addresses(ports, options);
  return {
    name: backend.name,
    url: addresses.url,
    addresses,
    start,
    stop: () => end('stop'),
    kill: () => end('kill'),
    freeze() {
      for (const daemon of daemons) daemon.freeze();
    },
    thaw() {
      for (const daemon of daemons) daemon.thaw();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Starts what the server consists of, one after the other; all or nothing. */
export async function startDaemons({ backend, programs, folder, ports, options, lasting = false }) {
  await mkdir(join(folder, 'data'), { recursive: true });
  await backend.prepare?.({ programs, folder, ports, options });
  const daemons = [];
  try {
    for (const daemon of backend.daemons({ programs, folder, ports, options })) {
      daemons.push(await startDaemon(daemon, folder, { lasting }));
    }
    return daemons;
  } catch (error) {
    for (const daemon of daemons.reverse()) await daemon.kill();
    throw error;
  }
}
