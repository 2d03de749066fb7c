import type { Finding } from './finding.ts'
import {
  circles,
  danglingReferences,
  illTypedReferences,
  unusedResults,
} from './lint/graph-rules.ts'
import type { LintRule, LintSubject } from './lint/lint-subject.ts'
import { clashes, longExpandIds } from './lint/media-rules.ts'
import { longInputs, missingKeys, modelLimits, unknownModels } from './lint/model-rules.ts'
import { badSources, costs } from './lint/outside-rules.ts'

/** From what cannot run to what might be better. */
const RULES: readonly LintRule[] = [
  ...[circles, danglingReferences, illTypedReferences],
  ...[unknownModels, missingKeys, modelLimits, longInputs, longExpandIds],
  ...[badSources, costs, clashes, unusedResults],
]

/** Everything that is to be said about a plan before it runs; paths of jobs' findings are within the job.
 * *Guarantee:* pure, never throws, and says the same of the same. */
export const lintPlan = (subject: LintSubject): readonly Finding[] =>
  RULES.flatMap((rule) => rule(subject))
