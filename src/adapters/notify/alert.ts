/** Something an operator should know. Severities are Sentry's, which the other targets can all show. */
export interface Alert {
  /** One line: what happened. */
  readonly title: string
  /** The cause, in as many words as it takes. */
  readonly detail: string
  readonly severity: 'info' | 'warning' | 'error'
  readonly executionId?: string
  readonly step?: string
  /** The failure code. */
  readonly code?: string
}

/**
 * One place where operators look. *Errors:* NOTIFICATION_FAILED (worth a retry; `retryAfterMs` where the
 * target named a time), NOTIFICATION_REJECTED (token, address or channel is wrong). Neither quotes a
 * token or an address.
 */
export interface Alerter {
  readonly name: string
  send(alert: Alert, signal?: AbortSignal): Promise<void>
}
