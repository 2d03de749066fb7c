import { alertText } from './alert-text.ts'
import type { Alerter } from './alert.ts'
import { callTarget, targetFailure } from './http-outcome.ts'

/** The address of an incoming webhook is its secret. */
export interface SlackConfig {
  readonly kind: 'slack'
  readonly webhookUrl: string
}

/** Slack cuts at 40,000; an alert that nobody reads to its end helps nobody. */
const TEXT_MAX_LENGTH = 4000

/** Slack explains a refusal by a code such as `invalid_payload`; anything else is not from Slack. */
const ERROR_CODE_PATTERN = /^[a-z_]{1,60}$/

/**
 * A Slack channel, by an incoming webhook. `&`, `<` and `>` are escaped, so that a text from outside
 * cannot call `<!channel>` or hide a link.
 * *Source:* Slack, "Sending messages using incoming webhooks", "Formatting text for app surfaces".
 */
export function createSlackAlerter(config: SlackConfig): Alerter {
  return {
    name: 'slack',
    send: async (alert, signal) => {
      const text = escaped(alertText(alert, TEXT_MAX_LENGTH))
      const answer = await callTarget('Slack', {
        url: config.webhookUrl,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ text, mrkdwn: false }),
        signal,
      })
      if (answer.status === 200) return
      const code = answer.bodyText.trim()
      throw targetFailure('Slack', answer, ERROR_CODE_PATTERN.test(code) ? code : '')
    },
  }
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
