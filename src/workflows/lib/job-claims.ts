import DataLoader from 'dataloader'
import type { JobClaim, JobClaimRequest } from '../../contracts/generation-activities.ts'
import type { ExecutionId } from '../../domain/ids.ts'
import { generations } from '../activities.ts'

/** As many as one answer has room for. */
const BATCH_JOBS_MAX = 50

export type JobClaims = Pick<DataLoader<JobClaimRequest, JobClaim>, 'load'>

/** Claims jobs of a plan; those that become ready in the same turn go in one call. Each is asked anew. */
export const jobClaims = (executionId: ExecutionId): JobClaims =>
  new DataLoader<JobClaimRequest, JobClaim>(
    (jobs) => generations.claimJobs({ executionId, jobs }),
    {
      cache: false,
      maxBatchSize: BATCH_JOBS_MAX,
      // Its own schedule is made for the event loop, and in a workflow there is none.
      batchScheduleFn: (ask) => void Promise.resolve().then(ask),
    },
  )
