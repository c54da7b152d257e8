/** Whole datagrams to one peer and back. UDP, DTLS over UDP and the test network all look like this. */
export interface Transport {
  /** Bytes that one datagram may carry. */
  readonly maxDatagram: number;
  /**
   * Where messages travel on a stream: whether the peer takes several blocks in one of them (BERT, RFC 8323 §6). Absent
   * where they are datagrams, which never carry more than one.
   */
  readonly bert?: boolean | undefined;
  /** Of a way that is secured, or is to be: how that stands. */
  readonly security?: LineSecurity | undefined;
  /** May fail (no such host, no free port, closed meanwhile); the caller tries again later. */
  open(signal?: AbortSignal): Promise<void>;
  /** Never throws; what cannot be sent is lost, as datagrams are. */
  send(datagram: Uint8Array): void;
  onDatagram(listener: (datagram: Uint8Array) => void): void;
  onClose(listener: (reason: string) => void): void;
  /** Called when the way reports that nobody takes what was sent lately (ICMP). A way that cannot know leaves it out. */
  onUnreachable?(listener: () => void): void;
  /** The peer seems to have lost us: start a fresh association. Bare UDP has nothing to do. */
  renew(): Promise<void>;
  /** Safe to call twice. */
  close(): Promise<void>;
}

/** How a line is secured, for people: no secrets. */
export interface LineSecurity {
  /** Such as `DTLS 1.2`. */
  readonly protocol: string;
  /** By its IANA name; absent until it is agreed. */
  readonly suite?: string;
  /** The server knows us by a Connection ID, whatever our address (RFC 9146). */
  readonly connectionId?: boolean;
  /** A session of before was taken up again. */
  readonly resumed?: boolean;
  /** Of the server's certificate or public key. */
  readonly fingerprint?: string;
  /** What somebody has to see to before long, such as a certificate of ours that ends. */
  readonly warning?: string;
  /** While it is not secured: how the last attempt went wrong. */
  readonly failure?: string;
}
