import type { GenerationActivities } from '../../contracts/generation-activities.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { bringSources } from './bring-sources.ts'
import { claimJobs } from './claim-jobs.ts'
import { collectModelJob } from './collect-model-job.ts'
import { failJob, markWaiting } from './end-job.ts'
import { adoptResult, expandJob } from './expand-job.ts'
import { adoptModelJob, cancelModelJob, inspectModelJob } from './inspect-model-job.ts'
import { makeMedia } from './make-media.ts'
import { openPlan } from './open-plan.ts'
import { submitModelJob } from './submit-model-job.ts'

/** The activities of generation plans, with what they need. */
export const createGenerationActivities = (deps: ActivityDependencies): GenerationActivities => ({
  openPlan: openPlan(deps),
  bringSources: bringSources(deps),
  claimJobs: claimJobs(deps),
  submitModelJob: submitModelJob(deps),
  inspectModelJob: inspectModelJob(deps),
  cancelModelJob: cancelModelJob(deps),
  adoptModelJob: adoptModelJob(deps),
  collectModelJob: collectModelJob(deps),
  makeMedia: makeMedia(deps),
  expandJob: expandJob(deps),
  adoptResult: adoptResult(deps),
  markWaiting: markWaiting(deps),
  failJob: failJob(deps),
})
