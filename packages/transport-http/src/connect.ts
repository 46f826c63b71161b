interface SocketError extends Error {
  readonly code?: string;
  readonly syscall?: string;
}

/** Whether the kernel refused the first byte of a write: nothing of it can have reached the peer. */
export function refusedWrite(error: SocketError | undefined): boolean {
  return error?.syscall === 'write';
}

/** A TLS alert instead of an answer: the peer ended the handshake after we had taken it for done (TLS 1.3). */
export function refusedHandshake(error: SocketError | undefined): boolean {
  return error?.code?.startsWith('ERR_SSL_') === true;
}
