/** Ciphersuites by their IANA names: those that LwM2M servers are known to want, the mandatory ones first (RFC 7925 §4). */
export const SUITES = {
  TLS_PSK_WITH_AES_128_CCM_8: 0xc0a8,
  TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8: 0xc0ae,
  TLS_PSK_WITH_AES_128_CCM: 0xc0a4,
  TLS_PSK_WITH_AES_128_GCM_SHA256: 0x00a8,
  TLS_ECDHE_ECDSA_WITH_AES_128_CCM: 0xc0ac,
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 0xc02b,
  TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256: 0xd003,
  TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256: 0xd005,
  TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256: 0xd001,
  TLS_PSK_WITH_AES_128_CBC_SHA256: 0x00ae,
  TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256: 0xc037,
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: 0xc023,
} as const;

export type SuiteName = keyof typeof SUITES;

export const SUITE_NAMES: readonly string[] = Object.keys(SUITES);

export function isSuiteName(name: string): name is SuiteName {
  return Object.hasOwn(SUITES, name);
}
