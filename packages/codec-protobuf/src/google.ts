export * from './google/protobuf/any.micro.ts';
export * from './google/protobuf/duration.micro.ts';
export * from './google/protobuf/empty.micro.ts';
export * from './google/protobuf/field_mask.micro.ts';
export * from './google/protobuf/struct.micro.ts';
export * from './google/protobuf/timestamp.micro.ts';
export * from './google/protobuf/wrappers.micro.ts';
