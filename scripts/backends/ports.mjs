import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Below the range from which the kernel takes ports for outgoing connections: a stopped server finds its port free again. */
const lowest = 20_000;
/** Test processes that run at once have ports of their own: one that is free because its server is stopped stays free. */
const slices = 8;
const sliceLength = 1_500;
const slice = Number(process.env.JEST_WORKER_ID ?? 0) % slices;
const given = new Set();

/** Ports of 127.0.0.1 that were free just now, each given once in this process while there are others. */
export async function freePorts(count) {
  const servers = [];
  try {
    while (servers.length < count) {
      const port = lowest + slice * sliceLength + Math.floor(Math.random() * sliceLength);
      if (given.has(port)) continue;
      given.add(port);
      if (given.size > sliceLength / 2) given.clear();
      const server = createServer();
      if (await listens(server, port)) servers.push(server);
    }
    return servers.map((server) => server.address().port);
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

async function listens(server, port) {
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return true;
  } catch (error) {
    if (error.code === 'EADDRINUSE') return false;
    throw error;
  }
}

/** What a server answers to the bytes: at least so many bytes, or '' after a second. Rejects when nobody listens. */
export async function ask(port, bytes = '', atLeast = 0) {
  const socket = connect(Number(port), '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.setTimeout(1_000, () => socket.destroy());
    socket.write(bytes);
    const chunks = [];
    if (atLeast > 0) {
      for await (const chunk of socket) {
        chunks.push(chunk);
        if (Buffer.concat(chunks).length >= atLeast) break;
      }
    }
    return Buffer.concat(chunks);
  } finally {
    socket.destroy();
  }
}

/** Whether anybody listens on the port. */
export async function listening(port) {
  await ask(port);
  return true;
}

/** Whether an HTTP server answers with success, and with this text. */
export async function answers(url, text = '', headers = {}) {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(2_000) });
  return response.ok && (await response.text()).includes(text);
}
