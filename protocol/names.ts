// The rules of names in a protocol.

const OPTION_NAME = /^[a-z][a-z0-9-]*$/;
const VERB = /^[A-Z][A-Z0-9-]{0,31}$/;

/** Whether `text` can be the name of an option, of a reply's field, or an error's code. */
export function isOptionName(text: string): boolean {
  return OPTION_NAME.test(text);
}

/** Whether `text` is a verb in its canonical, upper case form. */
export function isVerb(text: string): boolean {
  return VERB.test(text);
}
