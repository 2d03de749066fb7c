/** One thing that is to be mended, and how. */
export interface Finding {
  /** In the plan: `jobs.2.params.duration`. */
  readonly path: string
  readonly message: string
  readonly fix: string
  /** Of plans: which rule found it, in which job, and whether it keeps the plan from running. */
  readonly rule?: string
  readonly jobId?: string | null
  readonly severity?: 'error' | 'warning'
}

interface ErrorFacts {
  readonly code: string
  readonly status?: number | null
  readonly requestId?: string | null
  readonly findings?: readonly Finding[]
  readonly cause?: unknown
}

/** Whatever goes wrong between a program and the server, or in a run. */
export class SpoolError extends Error {
  /** Stable; the one field to switch on. `EXECUTION_FAILED`, `UNREACHABLE`, or the server's own. */
  readonly code: string
  /** Of the HTTP answer; null when there was none, or it is not to blame. */
  readonly status: number | null
  readonly requestId: string | null
  readonly findings: readonly Finding[]

  constructor(message: string, facts: ErrorFacts) {
    const { code, status = null, requestId = null, findings = [], cause } = facts
    const errors = findings.filter(({ severity }) => severity !== 'warning')
    const lines = errors.map(({ path, message: what, fix }) => {
      // Findings of plans are sentences; those of single fields are the end of one.
      const sentence = what.endsWith('.') ? what : `${what}.`
      return `\n  ${path}: ${sentence} ${fix}`
    })
    super(`${message}${lines.join('')}`, cause === undefined ? {} : { cause })
    this.name = 'SpoolError'
    this.code = code
    this.status = status
    this.requestId = requestId
    this.findings = findings
  }
}
