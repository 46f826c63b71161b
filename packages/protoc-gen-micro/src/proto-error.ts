/** A place in a .proto file; lines and columns count from 1, as editors do. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Something is wrong with a .proto file. The message begins with the place, `file:line:column`, as compilers have it. */
export class ProtoError extends Error {
  readonly place: Place;
  readonly reason: string;

  constructor(place: Place, reason: string) {
    super(`${place.file}:${place.line}:${place.column}: ${reason}`);
    this.name = 'ProtoError';
    this.place = place;
    this.reason = reason;
  }
}
