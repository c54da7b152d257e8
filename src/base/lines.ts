/** Cuts a stream of bytes into lines of text, however the bytes arrive. */
export class LineSplitter {
  readonly #end: string;
  readonly #maxLine: number;
  #pending = "";
  #skipping = false;
  /** Lines longer than allowed, dropped whole. */
  overlong = 0;

  constructor(end: string, maxLine: number) {
    this.#end = end;
    this.#maxLine = maxLine;
  }

  /** Lines without their end; a carriage return before it goes too. Bytes are read as Latin-1: no byte is ever lost. */
  push(chunk: Uint8Array): string[] {
    const text = this.#pending + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
    const parts = text.split(this.#end);
    this.#pending = parts.pop() ?? "";
    const lines: string[] = [];
    for (const part of parts) {
      if (this.#skipping) this.#skipping = false;
      else if (part.length > this.#maxLine) this.overlong += 1;
      else lines.push(part.endsWith("\r") ? part.slice(0, -1) : part);
    }
    if (this.#pending.length > this.#maxLine + this.#end.length) {
      if (!this.#skipping) this.overlong += 1;
      this.#skipping = true;
      this.#pending = this.#pending.slice(-this.#end.length);
    }
    return lines;
  }
}
