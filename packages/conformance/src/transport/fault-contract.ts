import { contract, rpc, stream, type } from '@micro/core';

interface Text {
  readonly text: string;
}

/** What peers in processes of their own serve. */
export const Faults = contract('faults', 'Faults', {
  echo: rpc({ request: type<Text>(), response: type<Text>() }),
  /** Never answers. */
  hang: rpc({ request: type<Text>(), response: type<Text>() }),
  /** Answers so many characters. */
  big: rpc({ request: type<{ readonly size: number }>(), response: type<Text>() }),
  /** Takes a few milliseconds. */
  slow: rpc({ request: type<Text>(), response: type<Text>() }),
  /** Never ends. */
  ticks: rpc({ request: type<Text>(), response: stream(type<Text>()) }),
});
