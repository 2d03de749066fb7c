import { ApplicationFailure, CancelledFailure } from '@temporalio/activity'
import { failureRule, MediaError, type FailureCode } from '../../domain/failures.ts'
import { withoutUrlSecrets } from '../../domain/redaction.ts'

/**
 * The only place that makes a Temporal failure of an error: its type is the code, its message names
 * the code and the cause for operators (without the queries of URLs, which may be signed), and the
 * catalogue decides whether trying again can help.
 */
export const toActivityFailure = (error: unknown): Error => {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error
  if (error instanceof MediaError) return failureOf(error.code, error)
  const cause = error instanceof Error ? error : new Error(String(error))
  return ApplicationFailure.create({
    type: 'INTERNAL' satisfies FailureCode,
    message: withoutUrlSecrets(`INTERNAL: ${cause.message}`),
    details: [{ stack: withoutUrlSecrets(cause.stack ?? '').slice(0, 4_000) }],
  })
}

const failureOf = (code: FailureCode, error: MediaError): ApplicationFailure => {
  const { retry } = failureRule(code)
  return ApplicationFailure.create({
    type: code,
    message: withoutUrlSecrets(error.message).slice(0, 4_000),
    // What may have happened is looked up, or told, but not done again.
    nonRetryable: error.isFinal || retry !== 'yes',
    ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: error.retryAfterMs }),
  })
}

/** The code that an activity's failure carries, for whoever records it. */
export const codeOfError = (error: unknown): FailureCode => {
  if (error instanceof CancelledFailure) return 'CANCELED'
  if (error instanceof MediaError) return error.code
  if (error instanceof ApplicationFailure) return error.type as FailureCode
  return 'INTERNAL'
}
