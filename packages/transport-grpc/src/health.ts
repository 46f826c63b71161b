import { type IncomingCall, MicroError, type StreamReceiver, type StreamSink } from '@micro/core';
import {
  describeEnum,
  describeField,
  describeFile,
  describeMessage,
  describeService,
} from './descriptors.ts';
import { message, numberField, readFields, textOf } from './protobuf.ts';
import type { OwnMethod } from './services.ts';

// grpc/grpc: doc/health-checking.md
const serving = 1;
const notServing = 2;
const unknown = 3;

interface Watcher {
  readonly name: string;
  readonly sink: StreamSink;
}

/** `grpc.health.v1.Health`: whether the listener, or a handler in it, takes calls. */
export class Health {
  private readonly handlers: ReadonlySet<string>;
  private readonly watchers = new Set<Watcher>();
  private leaving = false;

  /** `handlers`: the names before the dot of endpoints. */
  constructor(handlers: ReadonlySet<string>) {
    this.handlers = handlers;
  }

  readonly methods: Readonly<Record<string, OwnMethod>> = {
    '/grpc.health.v1.Health/Check': { kind: 'unary', call: (call) => this.check(call) },
    '/grpc.health.v1.Health/Watch': { kind: 'server-stream', stream: ({ sink }) => this.watch(sink) },
  };

  /** From now on nothing is served; who watches is told. */
  leave(): void {
    if (this.leaving) return;
    this.leaving = true;
    for (const { name, sink } of this.watchers) sink.write(reply(this.of(name)));
  }

  private of(name: string): number {
    // go-micro's clients put any service's name before the handler's, so that only the last part counts
    if (name !== '' && !this.handlers.has(name.slice(name.lastIndexOf('.') + 1))) return unknown;
    return this.leaving ? notServing : serving;
  }

  private check(call: IncomingCall): void {
    const name = serviceOf(call.body);
    const status = this.of(name);
    if (status === unknown)
      call.fail(new MicroError('not_found', `no service "${name}" is served here`), 'yes');
    else call.reply(reply(status));
  }

  private watch(sink: StreamSink): StreamReceiver {
    let watcher: Watcher | undefined;
    const left = (): void => {
      if (watcher !== undefined) this.watchers.delete(watcher);
    };
    return {
      message: (body) => {
        if (watcher !== undefined) return;
        try {
          watcher = { name: serviceOf(body), sink };
        } catch (error) {
          sink.abort(MicroError.from(error));
          return;
        }
        this.watchers.add(watcher);
        sink.write(reply(this.of(watcher.name)));
      },
      end: () => {
        if (watcher === undefined) sink.abort(new MicroError('bad_request', 'Watch needs a request'));
      },
      fail: left,
      drained: () => undefined,
    };
  }
}

function reply(status: number): Uint8Array {
  return message(numberField(1, status));
}

function serviceOf(body: string | Uint8Array): string {
  try {
    const field = readFields(Buffer.from(body as Uint8Array)).find(({ number }) => number === 1);
    return field === undefined ? '' : textOf(field);
  } catch (cause) {
    throw new MicroError('bad_request', 'the bytes are no HealthCheckRequest', { cause });
  }
}

export const healthFile: Uint8Array = describeFile(
  'grpc/health/v1/health.proto',
  'grpc.health.v1',
  [
    describeMessage('HealthCheckRequest', { fields: [describeField('service', 1, 'string')] }),
    describeMessage('HealthCheckResponse', {
      fields: [
        describeField('status', 1, 'enum', { of: '.grpc.health.v1.HealthCheckResponse.ServingStatus' }),
      ],
      enums: [describeEnum('ServingStatus', ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'])],
    }),
  ],
  [
    describeService('Health', {
      Check: {
        request: '.grpc.health.v1.HealthCheckRequest',
        response: '.grpc.health.v1.HealthCheckResponse',
      },
      Watch: {
        request: '.grpc.health.v1.HealthCheckRequest',
        response: '.grpc.health.v1.HealthCheckResponse',
        streams: 'response',
      },
    }),
  ],
);
