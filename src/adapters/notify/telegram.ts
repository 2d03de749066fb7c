import { z } from 'zod'
import type { HttpAnswer } from '../http-exchange.ts'
import { readJson } from '../read-json.ts'
import { alertText, shortened } from './alert-text.ts'
import type { Alerter } from './alert.ts'
import { callTarget, targetFailure } from './http-outcome.ts'

export interface TelegramConfig {
  readonly kind: 'telegram'
  readonly botToken: string
  readonly chatId: string
  /** `https://api.telegram.org` unless a local Bot API server is used. */
  readonly apiBaseUrl?: string | undefined
}

/** Telegram's limit for the text of one message. */
const TEXT_MAX_LENGTH = 4096

const answerSchema = z.object({
  ok: z.boolean(),
  description: z.string().default(''),
  parameters: z
    .object({
      retry_after: z.number().nonnegative().optional(),
      migrate_to_chat_id: z.number().optional(),
    })
    .default({}),
})

/**
 * A Telegram bot. The text is sent without a parse mode, because an error text is full of characters
 * that Markdown and HTML would choke on. A group that became a supergroup is followed to its new id at
 * once and from then on; `onChatMigrated` lets the operator's setting be mended.
 * *Source:* Bot API, `sendMessage`, `ResponseParameters`.
 */
export function createTelegramAlerter(
  config: TelegramConfig,
  onChatMigrated: (newChatId: string) => void = () => {},
): Alerter {
  const base = (config.apiBaseUrl ?? 'https://api.telegram.org').replace(/\/+$/, '')
  let chatId = config.chatId
  const post = (text: string, signal?: AbortSignal): Promise<HttpAnswer> =>
    callTarget('Telegram', {
      url: `${base}/bot${config.botToken}/sendMessage`,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ chat_id: chatId, text, link_preview_options: { is_disabled: true } }),
      signal,
    })

  return {
    name: 'telegram',
    send: async (alert, signal) => {
      const text = alertText(alert, TEXT_MAX_LENGTH)
      let answer = await post(text, signal)
      const newChatId = readJson(answerSchema, answer.bodyText)?.parameters.migrate_to_chat_id
      if (newChatId !== undefined) {
        chatId = String(newChatId)
        onChatMigrated(chatId)
        answer = await post(text, signal)
      }
      const body = readJson(answerSchema, answer.bodyText)
      if (answer.status === 200 && body?.ok === true) return
      const description = body?.description ?? 'not an answer of its API'
      const retryAfterSeconds = body?.parameters.retry_after
      throw targetFailure(
        'Telegram',
        {
          status: answer.status,
          retryAfterMs:
            retryAfterSeconds === undefined ? answer.retryAfterMs : retryAfterSeconds * 1000,
        },
        shortened(description.replaceAll(config.botToken, '[redacted]'), 300),
      )
    },
  }
}
