export { type GeneratedFile, generate } from './generate.ts';
export type { GenerateOptions } from './generate-options.ts';
export { type Loaded, load } from './load.ts';
export { type Place, ProtoError } from './proto-error.ts';
