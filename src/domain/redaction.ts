/** What in a URL opens doors: its query (signatures), its user part, and secrets kept in its path.
 * Queries go first: an `@` in one must not be taken for the end of a user part. */
const SECRET_PARTS: readonly (readonly [RegExp, string])[] = [
  [/(\b(?:https?|wss?):\/\/[^\s?#"<>]+)[?#][^\s"<>]*/gi, '$1?…'],
  [/([a-z][a-z0-9+.-]*:\/\/)[^/?#\s]*@/gi, '$1'],
  [/(\/(?:webhooks\/[\w-]+|play)\/)[^\s/?"'<>)]+/g, '$1…'],
  [/(hooks\.slack\.com\/\w+\/)[^\s"'<>)]+/g, '$1…'],
  [/\bbot\d+:[\w-]+/g, 'bot…'],
  [/\bwhsec_[\w+/=-]+/g, '…'],
]

/** The same text without signed queries, credentials and token paths of the URLs in it. */
export const withoutUrlSecrets = (text: string): string =>
  SECRET_PARTS.reduce((safe, [pattern, instead]) => safe.replace(pattern, instead), text)
