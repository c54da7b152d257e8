/** MQTT topics with names in them: `zigbee2mqtt/+name` takes a level and calls it `name`. */

export interface TopicPattern {
  readonly text: string;
  /** The names that a match gives. */
  readonly names: readonly string[];
  /** How many levels are spelled out. */
  readonly literals: number;
  readonly levels: readonly string[];
  /** Whether anything may follow. */
  readonly open: boolean;
  matches(this: void, topic: string): boolean;
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
  const fits = (heard: readonly string[]) =>
    (open ? heard.length >= levels.length : heard.length === levels.length) &&
    levels.every((level, i) => level.startsWith("+") || level === heard[i]);
  return {
    text: pattern,
    names,
    literals: levels.filter((level) => !level.startsWith("+")).length,
    levels,
    open,
    matches: (topic) => fits(topic.split("/")),
    match(topic) {
      const heard = topic.split("/");
      if (!fits(heard)) return undefined;
      if (names.length === 0) return NOTHING;
      const captures = new Map<string, string>();
      for (const [i, level] of levels.entries())
        if (level.length > 1 && level.startsWith("+")) captures.set(level.slice(1), heard[i]!);
      return captures;
    },
  };
}
