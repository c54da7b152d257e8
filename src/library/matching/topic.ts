/** MQTT topics with names in them: `zigbee2mqtt/+name` takes a level and calls it `name`. */

export interface TopicPattern {
  /** The names that a match gives. */
  readonly names: readonly string[];
  /** Undefined if the topic is another one. */
  match(topic: string): ReadonlyMap<string, string> | undefined;
}

const NOTHING: ReadonlyMap<string, string> = new Map();

/** `+` takes any level, `+name` names it, a final `#` takes all that follow. Undefined if it is no such pattern. */
export function parseTopic(pattern: string): TopicPattern | undefined {
  const levels = pattern.split("/");
  const open = levels.at(-1) === "#";
  if (open) levels.pop();
  if (pattern === "" || levels.some((level) => !/^(?:\+[a-z_]*|[^+#]*)$/.test(level))) return undefined;
  const names = levels.filter((level) => level.length > 1 && level.startsWith("+")).map((level) => level.slice(1));
  return {
    names,
    match(topic) {
      const heard = topic.split("/");
      if (open ? heard.length < levels.length : heard.length !== levels.length) return undefined;
      for (const [i, level] of levels.entries()) if (!level.startsWith("+") && level !== heard[i]) return undefined;
      if (names.length === 0) return NOTHING;
      const captures = new Map<string, string>();
      for (const [i, level] of levels.entries()) if (level.startsWith("+")) captures.set(level.slice(1), heard[i]!);
      return captures;
    },
  };
}
