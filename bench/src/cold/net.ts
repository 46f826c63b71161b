import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import type { Caller } from '../contender.ts';

/** A line of JSON there, a line back, over node:net and nothing else. */
export async function connect(address: string): Promise<Caller> {
  const socket = connectSocket({ host: '127.0.0.1', port: Number(address) });
  await once(socket, 'connect');
  return {
    async call(request) {
      socket.write(`${JSON.stringify(request)}\n`);
      let text = '';
      for await (const part of socket.setEncoding('utf8')) {
        text += part;
        if (text.endsWith('\n')) break;
      }
      return JSON.parse(text);
    },
    close: async () => void socket.destroy(),
  };
}
