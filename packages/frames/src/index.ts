export { FrameClient, type FrameClientOptions } from './client.ts';
export { connectSocket, explain } from './connect.ts';
export { preface, protocolName, version } from './layout.ts';
export { type FrameOptions, type Limits, limitsOf, shortestOf } from './limits.ts';
export { FrameServer, peerOf } from './server.ts';
export { SocketServer, type SocketServerSettings } from './socket-server.ts';
export { Sweep, type Swept } from './sweep.ts';
