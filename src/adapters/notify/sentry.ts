import {
  createEventEnvelope,
  getEnvelopeEndpointWithUrlEncodedAuth,
  makeDsn,
  serializeEnvelope,
  uuid4,
  type DsnComponents,
  type Event,
} from '@sentry/core'
import { withoutUrlSecrets } from '../../domain/redaction.ts'
import { MediaError } from '../../domain/failures.ts'
import { shortened } from './alert-text.ts'
import type { Alert, Alerter } from './alert.ts'
import { callTarget, targetFailure } from './http-outcome.ts'

export interface SentryConfig {
  readonly kind: 'sentry'
  readonly dsn: string
  readonly environment?: string | undefined
  readonly release?: string | undefined
}

/** Sentry cuts a message at 8,192 characters. */
const DETAIL_MAX_LENGTH = 8000

/**
 * Sentry, as one event an alert with the tags `step`, `code` and `executionId`.
 *
 * Built from the SDK's own functions instead of its `init`: no global client, no patched modules, and the
 * answer's status is seen, so that an alert that Sentry did not take counts as not sent.
 * *Errors:* as every Alerter; NOTIFICATION_REJECTED also when the DSN is not one.
 */
export function createSentryAlerter(config: SentryConfig): Alerter {
  const dsn = dsnOf(config.dsn)
  return {
    name: 'sentry',
    send: async (alert, signal) => {
      if (dsn === undefined)
        throw new MediaError('NOTIFICATION_REJECTED', 'the Sentry DSN is not one')
      const answer = await callTarget('Sentry', {
        url: getEnvelopeEndpointWithUrlEncodedAuth(dsn),
        method: 'POST',
        headers: { 'content-type': 'application/x-sentry-envelope' },
        body: envelopeOf(alert, config, dsn),
        signal,
      })
      if (answer.status < 200 || answer.status >= 300) throw targetFailure('Sentry', answer)
    },
  }
}

/** Checked before the SDK reads it, because the SDK prints a DSN that it cannot read. */
const dsnOf = (text: string): DsnComponents | undefined =>
  /^https?:\/\/\w+@[\w.:[\]-]+(\/[\w./-]*)?\/\d+$/.test(text) ? makeDsn(text) : undefined

function envelopeOf(alert: Alert, config: SentryConfig, dsn: DsnComponents): string | Uint8Array {
  const { step, code, executionId } = alert
  const title = withoutUrlSecrets(alert.title)
  const event: Event = {
    event_id: uuid4(),
    timestamp: Date.now() / 1000,
    platform: 'node',
    logger: 'spool',
    level: alert.severity,
    message: title,
    // One issue for each way to fail, not one for each execution that did.
    fingerprint: [code ?? title, step ?? 'none'],
    tags: {
      ...(step === undefined ? {} : { step }),
      ...(code === undefined ? {} : { code }),
      ...(executionId === undefined ? {} : { executionId }),
    },
    extra: { detail: shortened(withoutUrlSecrets(alert.detail), DETAIL_MAX_LENGTH) },
    ...(config.environment === undefined ? {} : { environment: config.environment }),
    ...(config.release === undefined ? {} : { release: config.release }),
  }
  return serializeEnvelope(createEventEnvelope(event, dsn))
}
