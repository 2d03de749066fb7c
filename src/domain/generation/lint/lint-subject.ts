import type { PlanEstimate } from '../estimate.ts'
import type { Finding } from '../finding.ts'
import type { MediumLookup } from '../medium-facts.ts'
import type { ModelChoice, PlanJob } from '../plan.ts'

/** A plan as far as it could be read, and what is known around it. */
export interface LintSubject {
  readonly jobs: readonly PlanJob[]
  /** Of every job, also of those that could not be read: nobody is told that these are not there. */
  readonly jobIds: ReadonlySet<string>
  /** Jobs whose alternatives the plan itself names. */
  readonly namesFallbacks: ReadonlySet<string>
  readonly maxCredits: number | null
  /** Null: nobody asks for it. */
  readonly availableCredits: number | null
  readonly estimate: PlanEstimate
  /** The setting without which this server cannot ask for a choice; null: it can. */
  readonly missingSetting: (choice: ModelChoice) => string | null
  readonly mediumOf: MediumLookup
  /** What is wrong with addresses, by address; those that are in order are not in it. */
  readonly sourceProblems: ReadonlyMap<string, SourceProblem>
  /** The known name that was probably meant, or null. */
  readonly nearest: (name: string, known: readonly string[]) => string | null
}

export interface SourceProblem {
  readonly severity: Finding['severity']
  /** As the end of a sentence: `leads to an address that is not public`. */
  readonly message: string
}

/** A rule looks at the whole and says what it finds; paths of jobs' findings are within the job. */
export type LintRule = (subject: LintSubject) => readonly Finding[]

/** A value in a sentence. It comes from outside and may be a megabyte. */
export const quoted = (value: unknown): string =>
  `\`${(typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 64)}\``

/** What was meant, or what there is. */
export const meant = (
  subject: Pick<LintSubject, 'nearest'>,
  name: string,
  known: readonly string[],
): string => {
  const nearest = subject.nearest(name, known)
  if (nearest !== null) return `Did you mean ${nearest}?`
  return known.length === 0 ? 'Leave it out.' : `Use one of: ${known.slice(0, 30).join(', ')}.`
}
