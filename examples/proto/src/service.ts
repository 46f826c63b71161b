import { createService, MicroError, type Service, type ServiceOptions } from '@micro/core';
import {
  Greeter,
  type GreeterHandlers,
  type GreetingInit,
  type HelloRequest,
} from './gen/greeter/v1/greeter.micro.ts';

const hello: Readonly<Record<string, string>> = { ENGLISH: 'Hello', GERMAN: 'Hallo' };

/** The service of the package, so that its paths are those of gRPC. */
export function greeterService(options: Omit<ServiceOptions, 'name'>): Service {
  let greeted = 0n;
  function greet({ name, language }: HelloRequest): GreetingInit {
    const word = hello[language];
    if (name === '' || word === undefined)
      throw new MicroError('bad_request', 'whom, and in which language?');
    greeted++;
    const ms = Date.now();
    const at = { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
    return { text: `${word} ${name}`, number: greeted, at };
  }
  const handlers: GreeterHandlers = {
    hello: greet,
    async *count({ to }) {
      for (let value = 1; value <= to; value++) yield { value };
    },
    async sum(numbers) {
      let sum = 0;
      for await (const { value } of numbers) sum += value;
      return { value: sum };
    },
    async *party(guests) {
      for await (const guest of guests) yield greet(guest);
    },
  };
  const service = createService({ ...options, name: Greeter.service });
  service.handle(Greeter, handlers);
  return service;
}
