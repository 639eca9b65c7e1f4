// The YAML of beanstalkd 1.13: names and texts of the machine in quotes, all other values bare.

/** A text in quotes. The quoting of JSON is that of YAML too. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** A map, as the body of an answer. */
export function yamlMap(entries: Readonly<Record<string, string | number | boolean>>): string {
  const lines = Object.entries(entries).map(([name, value]) => `${name}: ${value}\n`);
  return `---\n${lines.join("")}`;
}

/** Names that need no quotes: those of tubes, unless YAML takes them for something else. Other names come from Lineup/1. */
const BARE = /^[-+/;.$_()A-Za-z0-9]+$/;

/** A list of names, as the body of an answer. */
export function yamlList(names: Iterable<string>): string {
  let text = "---\n";
  for (const name of names) text += `- ${BARE.test(name) ? name : quoted(name)}\n`;
  return text;
}
