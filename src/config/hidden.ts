/** What must not be shown although somebody wrote it into the file itself: passwords and tokens in plain text. */

const SENSITIVE = /(?:token|password|passphrase|secret|psk|key|table)$/i;

/** Whether what stands under this key is nobody's business. */
export function isSensitive(key: PropertyKey | undefined): boolean {
  return typeof key === "string" && SENSITIVE.test(key);
}

/** A sensitive key and its value; names of secrets (`!env`, `!file`), anchors and aliases may be seen. */
const ENTRY =
  /((?:token|password|passphrase|secret|psk|key|table)["']?[ \t]*:[ \t]+)("(?:[^"\\\n]|\\.)*"?|'(?:[^'\n]|'')*'?|[^\s"'!&*#,{}[\]][^\r\n,}\]]*)/gi;
/** The password in `scheme://user:password@host`. */
const IN_ADDRESS = /(:\/\/[^\s:/@]*:)([^\s@/]+)(?=@)/g;

/** A private key in PEM, as far as it goes. */
const IN_PEM = /(-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----)([\s\S]*?)(?=-----END|$)/g;

/** The text with such values as stars, every other character where it was. */
export function hideSecrets(text: string): string {
  const hide = (_: string, before: string, value: string) => before + "*".repeat(value.length);
  const hideLines = (_: string, before: string, value: string) => before + value.replaceAll(/\S/g, "*");
  return text.replaceAll(ENTRY, hide).replaceAll(IN_ADDRESS, hide).replaceAll(IN_PEM, hideLines);
}
