import { afterAll, describe } from '@jest/globals';
import { startBackend, whyNot } from './index.mjs';
import { backendNamed } from './list.mjs';
import { peerNamed, whyNoPeer } from './peers.mjs';
import { programsOf } from './server.mjs';

/** A `describe` for what needs the backend; see index.mjs. */
export async function describeBackend(name, body, { shared = false } = {}) {
  const reason = await whyNot(name, { shared });
  if (reason !== undefined) {
    skip(name, reason, () => body({ start: () => Promise.reject(new Error(reason)) }));
    return;
  }
  // Fetched here, where no test's time runs.
  if (!(shared && process.env[backendNamed(name).variable])) await programsOf(backendNamed(name));
  describe(`on a real ${name}`, () => {
    const servers = [];
    async function start(options = {}) {
      const server = await startBackend(name, { shared, ...options });
      servers.push(server);
      return server;
    }
    body({ start });
    afterAll(async () => {
      for (const server of servers.splice(0)) await server.close();
    });
  });
}

/** A `describe` for what needs programs of another language; see peers.mjs. */
export async function describePeer(name, body) {
  const reason = await whyNoPeer(name);
  if (reason !== undefined) {
    skip(name, reason, () => body({}));
    return;
  }
  const programs = await programsOf(peerNamed(name));
  describe(`with ${name}`, () => body(programs));
}

function skip(name, reason, body) {
  process.stderr.write(`skipped: tests on ${name}: ${reason}\n`);
  describe.skip(`${name} (skipped: ${reason})`, body);
}
