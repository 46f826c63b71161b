import { once } from 'node:events';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import type { Contender, Message, Served, Work } from '../contender.ts';
import { Answers } from './answers.ts';

const unary = '/bench.Bench/Call';
const bidi = '/bench.Bench/Chat';
const counting = '/bench.Bench/Count';
const write = (message: Message): Buffer => Buffer.from(JSON.stringify(message));
const read = (bytes: Buffer): Message => JSON.parse(bytes.toString()) as Message;

async function serve(work: Work): Promise<Served> {
  const server = new Server();
  const call = (call: ServerUnaryCall<Message, Message>, answer: sendUnaryData<Message>): void => {
    work.handle(call.request).then(
      (reply) => answer(null, reply),
      (error: unknown) => answer({ code: 13, details: String(error) }),
    );
  };
  const chat = (stream: ServerDuplexStream<Message, Message>): void => {
    stream.on('data', (message: Message) => {
      work.handle(message).then(
        (reply) => stream.write(reply),
        (error: unknown) => stream.destroy(error instanceof Error ? error : undefined),
      );
    });
    stream.on('end', () => stream.end());
  };
  const count = async (stream: ServerWritableStream<Message, Message>): Promise<void> => {
    const reply = await work.handle(stream.request);
    while (!stream.cancelled) if (!stream.write(reply)) await once(stream, 'drain');
  };
  server.register(
    counting,
    (stream: ServerWritableStream<Message, Message>) => {
      count(stream).catch(() => stream.end()); // the client has left
    },
    write,
    read,
    'serverStream',
  );
  server.register(unary, call, write, read, 'unary');
  server.register(bidi, chat, write, read, 'bidi');
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    async close() {
      server.forceShutdown();
    },
  };
}

/** grpc-js as its users write it. */
export const grpcJs: Contender = {
  serve,
  async connect(address) {
    const client = new Client(address, credentials.createInsecure());
    // With a deadline, as every call of @micro has one
    const call = (request: Message): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const options = { deadline: Date.now() + 5000 };
        client.makeUnaryRequest(unary, write, read, request, new Metadata(), options, (error, reply) =>
          error === null ? resolve(reply) : reject(error),
        );
      });
    return {
      call,
      stream: (request) =>
        client
          .makeServerStreamRequest(counting, write, read, request, new Metadata())
          [Symbol.asyncIterator](),
      async close() {
        client.close();
      },
    };
  },
};

/** The same on one two-way stream, message by message. */
export const grpcJsStream: Contender = {
  serve,
  async connect(address) {
    const client = new Client(address, credentials.createInsecure());
    const stream = client.makeBidiStreamRequest(bidi, write, read, new Metadata());
    const answers = new Answers();
    stream.on('data', (reply: Message) => answers.give(reply));
    stream.on('error', () => client.close()); // calls that wait fail with the run
    return {
      call(request) {
        stream.write(request);
        return answers.wait();
      },
      async close() {
        stream.end();
        client.close();
      },
    };
  },
};
