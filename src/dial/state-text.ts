/** A text that survives restarts, in a file that its owner alone may read. */
export interface StateText {
  read(): Promise<string | undefined>;
  /** Settles when this text, or a newer one, is safe. */
  write(text: string): Promise<void>;
}
