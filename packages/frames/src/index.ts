export { bind } from './bind.ts';
export { FrameClient, type FrameClientOptions } from './client.ts';
export { connectSocket, explain } from './connect.ts';
export { preface, protocolName, version } from './layout.ts';
export { type FrameOptions, type Limits, limitsOf, shortestOf } from './limits.ts';
export { FrameServer, peerOf } from './server.ts';
export { Sweep } from './sweep.ts';
export { tlsModule } from './tls-module.ts';
