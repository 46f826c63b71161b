import { definePlugin } from '@micro/core';
import { msgpackCodec } from './msgpack.ts';
import type { MsgpackCodecOptions } from './options.ts';

declare module '@micro/core' {
  interface CodecPlugins {
    msgpack: MsgpackCodecOptions;
  }
}

definePlugin('codec', 'msgpack', { package: '@micro/codec-msgpack', create: msgpackCodec });

export { msgpackCodec } from './msgpack.ts';
export type { MsgpackCodecOptions } from './options.ts';
