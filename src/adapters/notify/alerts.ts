import { MediaError } from '../../domain/failures.ts'
import type { Alert, Alerter } from './alert.ts'
import { createSentryAlerter, type SentryConfig } from './sentry.ts'
import { createSlackAlerter, type SlackConfig } from './slack.ts'
import { createTelegramAlerter, type TelegramConfig } from './telegram.ts'

export type AlertTargetConfig = TelegramConfig | SlackConfig | SentryConfig

/** What became of an alert at one target. `error` is free of tokens and addresses. */
export interface AlertOutcome {
  readonly name: string
  readonly ok: boolean
  readonly error?: string
}

export interface Alerts {
  /** The configured targets, in order; empty means that alerts are off. */
  readonly names: readonly string[]
  send(alert: Alert, signal?: AbortSignal): Promise<readonly AlertOutcome[]>
}

/** The part of a structured log that is used here. */
export interface AlertLog {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
}

/**
 * All configured targets as one. Every target is tried, whatever the others do, and a failing one is
 * reported in the result and in the log; only a cancel is thrown.
 */
export function createAlerts(configs: readonly AlertTargetConfig[], log: AlertLog): Alerts {
  const alerters = configs.map((config) => createAlerter(config, log))
  return {
    names: alerters.map(({ name }) => name),
    send: async (alert, signal) => {
      const outcomes = await Promise.all(alerters.map((alerter) => attempt(alerter, alert, signal)))
      signal?.throwIfAborted()
      for (const { name, ok, error } of outcomes) {
        if (!ok) log.warn({ target: name, error }, 'an alert could not be delivered')
      }
      return outcomes
    },
  }
}

function createAlerter(config: AlertTargetConfig, log: AlertLog): Alerter {
  switch (config.kind) {
    case 'telegram':
      return createTelegramAlerter(config, (newChatId) =>
        log.warn({ newChatId }, 'the Telegram group has a new chat id: change the setting to it'),
      )
    case 'slack':
      return createSlackAlerter(config)
    case 'sentry':
      return createSentryAlerter(config)
  }
}

async function attempt(
  alerter: Alerter,
  alert: Alert,
  signal: AbortSignal | undefined,
): Promise<AlertOutcome> {
  try {
    await alerter.send(alert, signal)
    return { name: alerter.name, ok: true }
  } catch (error) {
    // Only our own errors are known to quote no secret.
    const text = error instanceof MediaError ? error.message : 'INTERNAL: the alerter failed'
    return { name: alerter.name, ok: false, error: text }
  }
}
