import { type Contract, contract, rpc, type ServerStream, stream, type, type Unary } from '@micro/core';

interface Text {
  readonly text: string;
}

interface Size {
  readonly size: number;
}
interface Endpoints {
  readonly echo: Unary<Text, Text>;
  readonly hang: Unary<Text, Text>;
  readonly big: Unary<Size, Text>;
  readonly slow: Unary<Text, Text>;
  readonly again: Unary<Text, Text>;
  readonly ticks: ServerStream<Text, Text>;
}

/** What peers in processes of their own serve. */
export const Faults: Contract<Endpoints> = contract('faults', 'Faults', {
  echo: rpc({ request: type<Text>(), response: type<Text>() }),
  /** Never answers. */
  hang: rpc({ request: type<Text>(), response: type<Text>() }),
  /** Answers so many characters. */
  big: rpc({ request: type<Size>(), response: type<Text>() }),
  /** Takes a few milliseconds. */
  slow: rpc({ request: type<Text>(), response: type<Text>() }),
  /** The same, and may be sent again. */
  again: rpc({ request: type<Text>(), response: type<Text>(), idempotent: true }),
  /** Never ends. */
  ticks: rpc({ request: type<Text>(), response: stream(type<Text>()) }),
});
