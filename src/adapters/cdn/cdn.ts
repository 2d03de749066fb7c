/** What is to be dropped from the CDN. */
export interface Invalidation {
  /** Public URLs, as viewers ask for them. They must be the same in every attempt of one step. */
  readonly urls: readonly string[]
  /** Names the new content (an execution id): equal key and URLs are the same invalidation. */
  readonly contentKey: string
  readonly signal?: AbortSignal
}

/** `reference`: the CDN's own id of the invalidation, or null where it gives none. */
export interface InvalidationResult {
  readonly reference: string | null
}

/**
 * Makes viewers see new content under old URLs. Safe to repeat.
 * *Errors:* CDN_FAILED (worth a retry; `retryAfterMs` where the CDN named a time), CDN_REJECTED
 * (credentials, zone or request are wrong: a retry cannot help).
 */
export interface Cdn {
  readonly name: string
  invalidate(invalidation: Invalidation): Promise<InvalidationResult>
}
