// The rules of names in a protocol.

import { need } from "./spec_error.ts";

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

/** Throws `SpecError` for a verb that is none. */
export function needVerb(verb: string, path: string): void {
  need(isVerb(verb), path, 'a verb is an upper-case letter and up to 31 of A-Z, 0-9 and "-"');
}

/** Throws `SpecError` for the name of a field that can be none. */
export function needName(name: string, path: string): void {
  need(
    isOptionName(name),
    path,
    'a name is a lower-case letter and lower-case letters, digits, "-"',
  );
}
