/**
 * The grammar of storage keys: segments of ASCII letters, digits, `.`, `_` and `-`, each beginning with
 * a letter or a digit, joined by single slashes. So a key can never climb out of a folder, never look
 * like an option or a hidden file, and is the same in a URL, in S3 and on a disk.
 */
const SEGMENT = '[A-Za-z0-9][A-Za-z0-9._-]{0,199}'
const OBJECT_KEY = new RegExp(`^${SEGMENT}(?:/${SEGMENT})*$`)
const KEY_LENGTH_MAX = 512

/** Whether the text is a key that every store takes. */
export const isObjectKey = (text: string): boolean =>
  text.length <= KEY_LENGTH_MAX && OBJECT_KEY.test(text)
