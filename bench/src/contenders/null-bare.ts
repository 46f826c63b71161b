import type { Acceptor, Body, IncomingCall, OutgoingCall, Route, Target } from '@micro/core';
import type { Contender, Message, Work } from '../contender.ts';
import { NullConnection } from './null-transport.ts';

/** The null transport driven by hand: a promise a call, JSON on both sides, the handler awaited. What remains is core's share. */
export const nullBare: Contender = bare(JSON.stringify, (body) => JSON.parse(String(body)));

/** The same without the JSON: the messages themselves cross. */
export const nullBareValues: Contender = bare(
  (message) => message as unknown as Body,
  (body) => body as unknown as Message,
);

type Encode = (message: Message) => Body;
type Decode = (body: Body) => Message;

const target: Target = { index: 1, service: 'bench', endpoint: 'Bench.Call', contentType: '', text: true };

function bare(encode: Encode, decode: Decode): Contender {
  return {
    serve: async () => ({ address: 'null:1', close: async () => undefined }),
    async connect(_address, work) {
      const connection = new NullConnection(acceptor(work, encode, decode));
      const call = (request: Message): Promise<unknown> =>
        new Promise((resolve, reject) => {
          connection.request(new BareCall(encode(request), decode, resolve, reject));
        });
      return { call, close: async () => undefined };
    },
  };
}

class BareCall implements OutgoingCall {
  readonly target: Target = target;
  readonly body: Body;
  readonly deadline = 0;
  readonly metadata = undefined;
  slot = 0;
  private readonly decode: Decode;
  private readonly resolve: (reply: Message) => void;
  readonly fail: (error: unknown) => void;

  constructor(
    body: Body,
    decode: Decode,
    resolve: (reply: Message) => void,
    reject: (error: unknown) => void,
  ) {
    this.body = body;
    this.decode = decode;
    this.resolve = resolve;
    this.fail = reject;
  }

  done(body: Body): void {
    this.resolve(this.decode(body));
  }
}

function acceptor({ handle }: Work, encode: Encode, decode: Decode): Acceptor {
  const route: Route = { found: true, kind: 'unary', text: true };
  const answer = async (call: IncomingCall): Promise<void> => {
    call.reply(encode(await handle(decode(call.body))));
  };
  const nothing = { cancel: (): void => undefined };
  return {
    endpoints: [],
    route: () => route,
    call(_route, call) {
      void answer(call);
      return nothing;
    },
    stream: () => {
      throw new Error('calls only');
    },
  };
}
