/** Something about a plan that a reader of it would want to know before it is paid for. */
export interface Finding {
  /** Stable, for programs: `model-unknown`. */
  readonly rule: string
  /** An error keeps a plan from running; a warning does not. */
  readonly severity: 'error' | 'warning'
  /** Null: the plan as a whole. */
  readonly jobId: string | null
  /** Where in the body: `jobs.2.params.duration`. */
  readonly path: string
  /** A sentence for people. */
  readonly message: string
  /** What to do about it. */
  readonly fix: string
}
