import { withoutUrlSecrets } from '../../domain/redaction.ts'
import type { Alert } from './alert.ts'

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
