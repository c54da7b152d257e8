/** What breaks off a handshake because of who the server is, rather than because of how it speaks. */

import type { CertificateFault } from "../../base/credentials.ts";
import { type AlertName, HandshakeFault } from "../alert.ts";

export class TrustFault extends HandshakeFault {
  /** `clock`: nothing wrong but that we do not know what time it is. */
  readonly kind: "untrusted" | "clock";

  constructor(alert: AlertName, reason: string, kind: "untrusted" | "clock" = "untrusted") {
    super(alert, reason);
    this.kind = kind;
  }
}

/** RFC 5246 §7.2.2. */
export const CERTIFICATE_ALERTS: Readonly<Record<CertificateFault, AlertName>> = {
  bad: "bad_certificate",
  unsupported: "unsupported_certificate",
  expired: "certificate_expired",
  "unknown-authority": "unknown_ca",
  unknown: "certificate_unknown",
};
