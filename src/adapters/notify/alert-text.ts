import type { Alert } from './alert.ts'

/** What in a URL opens doors: its query (signatures), its user part, and secrets kept in its path. */
const SECRET_PARTS: readonly (readonly [RegExp, string])[] = [
  [/([a-z][a-z0-9+.-]*:\/\/)[^/\s@]+@/gi, '$1'],
  [/(\b(?:https?|wss?):\/\/[^\s?#"'<>]+)[?#][^\s"'<>)]*/gi, '$1'],
  [/(\/webhooks\/[\w-]+\/)[^\s/"'<>)]+/g, '$1[redacted]'],
  [/(hooks\.slack\.com\/\w+\/)[^\s"'<>)]+/g, '$1[redacted]'],
  [/\bbot\d+:[\w-]+/g, 'bot[redacted]'],
  [/\bwhsec_[\w+/=-]+/g, '[redacted]'],
]

/** The same text without signed queries, credentials and token paths of the URLs in it. */
export const withoutUrlSecrets = (text: string): string =>
  SECRET_PARTS.reduce((safe, [pattern, instead]) => safe.replace(pattern, instead), text)

/**
 * The alert as plain text of at most `maxLength` UTF-16 units. What identifies it comes before the
 * detail, so that only the detail is ever cut.
 */
export function alertText(alert: Alert, maxLength: number): string {
  const facts = [
    alert.step === undefined ? [] : [`Step: ${alert.step}`],
    alert.code === undefined ? [] : [`Code: ${alert.code}`],
    alert.executionId === undefined ? [] : [`Execution: ${alert.executionId}`],
  ].flat()
  const lines = [`[${alert.severity}] ${alert.title}`, ...facts, alert.detail]
  return shortened(withoutUrlSecrets(lines.join('\n')), maxLength)
}

/** Cut to `maxLength` UTF-16 units, with an ellipsis, and never through the middle of a character. */
export const shortened = (text: string, maxLength: number): string => {
  if (text.length <= maxLength) return text
  return `${text.slice(0, maxLength - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}
