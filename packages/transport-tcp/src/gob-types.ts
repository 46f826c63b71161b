import { type GobCursor, malformed } from './gob-cursor.ts';

/** Ids of types that need no definition. */
const bytesId = 5;
const stringId = 6;
/** Fields of gob's own wireType that a message of go-micro's needs. */
const structType = 2;
const mapType = 3;
const maxName = 64;

/**
 * The types of one sender: go-micro's transport.Message (fields Header, a map of texts, and Body, bytes) and its map,
 * whatever numbers the sender has for them. There is no other, so nothing refers to itself, and nothing is skipped.
 */
export class GobTypes {
  private message: number | undefined;
  private map: number | undefined;
  private headerType: number | undefined;
  /** What each field of the message is, in the sender's order. */
  fields: readonly ('Header' | 'Body')[] = [];

  /** A definition: a wireType, with one of its fields. Throws for any other type. */
  define(id: number, cursor: GobCursor): void {
    const kind = cursor.uint() - 1;
    if (kind === structType && this.message === undefined) {
      this.struct(id, cursor);
      this.message = id;
    } else if (kind === mapType && this.map === undefined) {
      this.stringMap(id, cursor);
      this.map = id;
    } else throw malformed('a type that no message of go-micro has');
    end(cursor);
    if (cursor.left > 0) throw malformed('bytes behind a definition');
  }

  /** Whether values of the type are messages, of which everything is known. */
  isMessage(id: number): boolean {
    return id === this.message && (this.headerType === undefined || this.headerType === this.map);
  }

  private struct(id: number, cursor: GobCursor): void {
    common(id, cursor);
    next(cursor);
    const count = cursor.uint();
    const fields: ('Header' | 'Body')[] = [];
    for (let index = 0; index < count; index++) {
      next(cursor);
      const name = cursor.text(maxName);
      next(cursor);
      const type = cursor.int();
      end(cursor);
      if ((name !== 'Header' && name !== 'Body') || fields.includes(name))
        throw malformed(`a message with a field "${name}"`);
      if (name === 'Header') this.headerType = type;
      else if (type !== bytesId) throw malformed('a message whose Body is not of bytes');
      fields.push(name);
    }
    end(cursor);
    this.fields = fields;
  }

  private stringMap(id: number, cursor: GobCursor): void {
    common(id, cursor);
    for (const what of ['keys', 'values']) {
      next(cursor);
      if (cursor.int() !== stringId) throw malformed(`a map whose ${what} are not texts`);
    }
    end(cursor);
  }
}

/** CommonType: the name, which says nothing, and the id once more. */
function common(id: number, cursor: GobCursor): void {
  next(cursor);
  next(cursor);
  cursor.text(maxName);
  next(cursor);
  if (cursor.int() !== id) throw malformed('a type with two numbers');
  end(cursor);
}

/** The next field of a struct, none left out. */
function next(cursor: GobCursor): void {
  if (cursor.uint() !== 1) throw malformed('a definition that lacks something');
}

/** The end of a struct. */
function end(cursor: GobCursor): void {
  if (cursor.uint() !== 0) throw malformed('a definition with too much');
}
