import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy on 127.0.0.1 that stands between a client and its server, and misbehaves when it is told to. */
export interface CutProxy extends AsyncDisposable {
  readonly port: number;
  /** `127.0.0.1:<port>` */
  readonly address: string;
  /** How many connections pass now. */
  readonly connections: number;
  /** Resets all connections. New ones pass. */
  cut(): void;
  /** Ends the connection of the server's next answer when half of that has passed. New connections pass. */
  cutMidway(): void;
  /** Passes so many further bytes of clients, then holds back what they send, until `restore()`. Answers pass. */
  hold(afterBytes: number): void;
  /** A client's bytes are held back. */
  readonly holding: boolean;
  /** Resets all connections, and refuses new ones until `restore()`. */
  refuse(): Promise<void>;
  /** Takes bytes and passes nothing on, both ways, in old and new connections, until `restore()`: a cable that was pulled. */
  silence(): void;
  /** Lets everything pass again: what was held back, too. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a proxy to a port of 127.0.0.1, on any free port unless one is given. */
export async function cutProxy(targetPort: number, ownPort = 0): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  let silent = false;
  let midway = false;
  let allowance = Number.POSITIVE_INFINITY;

  function hold(socket: Socket): void {
    sockets.add(socket);
    // Resets and refusals are what this proxy is for.
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    if (silent) socket.pause();
  }
  function pass(from: Socket, to: Socket, isAnswer: boolean): void {
    from.on('data', (bytes) => {
      if (midway && isAnswer && bytes.length > 1) {
        midway = false;
        from.pause();
        to.end(bytes.subarray(0, bytes.length >> 1), () => from.destroy());
        return;
      }
      if (!isAnswer) {
        const beyond = bytes.subarray(allowance);
        allowance -= bytes.length - beyond.length;
        if (beyond.length > 0) {
          to.write(bytes.subarray(0, bytes.length - beyond.length));
          from.pause();
          from.unshift(beyond);
          return;
        }
      }
      if (!to.write(bytes)) from.pause();
    });
    to.on('drain', () => {
      if (!silent && (isAnswer || allowance > 0)) from.resume();
    });
    from.on('end', () => to.end());
    from.once('close', () => to.destroy());
    if (silent) from.pause();
  }
  const accept = (client: Socket): void => {
    const server = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true });
    hold(client);
    hold(server);
    pass(client, server, false);
    pass(server, client, true);
  };
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };

  let listener = await listen(accept, ownPort);
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const { port } = address;
  const refuse = async (): Promise<void> => {
    cut();
    if (listener.listening) await new Promise((resolve) => listener.close(resolve));
  };
  return {
    port,
    address: `127.0.0.1:${port}`,
    get connections() {
      return Math.ceil(sockets.size / 2);
    },
    cut,
    cutMidway() {
      midway = true;
    },
    refuse,
    hold(afterBytes) {
      allowance = afterBytes;
    },
    get holding() {
      return allowance === 0;
    },
    silence() {
      silent = true;
      for (const socket of sockets) socket.pause();
    },
    async restore() {
      silent = false;
      allowance = Number.POSITIVE_INFINITY;
      for (const socket of sockets) socket.resume();
      if (!listener.listening) listener = await listen(accept, port);
    },
    close: refuse,
    [Symbol.asyncDispose]: refuse,
  };
}

async function listen(accept: (socket: Socket) => void, port: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, accept);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
