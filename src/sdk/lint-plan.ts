import type { ApiAccess } from './api-access.ts'
import { callApi } from './api-call.ts'
import type { ExecutionPlan } from './execution-plan.ts'
import type { Finding } from './spool-error.ts'

interface CreditRange {
  readonly lowerCredits: number
  readonly upperCredits: number
}

/** What the server thinks of a plan. */
export interface PlanJudgement {
  /** It would be taken. */
  readonly ok: boolean
  readonly findings: readonly Finding[]
  /** Null: nothing of it can be read. */
  readonly estimate:
    | (CreditRange & { readonly jobs: readonly (CreditRange & { readonly jobId: string })[] })
    | null
}

/** Asks what is wrong with a plan and what it would cost; orders nothing. *Errors:* SpoolError. */
export const lintPlan = async (
  plan: ExecutionPlan,
  access: ApiAccess = {},
): Promise<PlanJudgement> =>
  await callApi(access, { method: 'POST', path: '/v1/generations/lint', body: plan })
