import type { ApiAccess } from './api-access.ts'
import { callApi } from './api-call.ts'
import { executionOf, type PipelineExecution, type PipelineProgress } from './execution.ts'
import type { ExecutionPlan } from './execution-plan.ts'
import { SpoolError } from './spool-error.ts'

export interface ExecuteOptions extends ApiAccess {
  /** Told of the end; `execute` then answers at once. */
  readonly webhook?: string
  /** What the webhook is signed with. */
  readonly webhookSecret?: string
  /** An earlier execution whose results are used again where nothing has changed. */
  readonly baseExecutionId?: string
  /** The run pauses before the job that would cost more. */
  readonly maxCredits?: number
  /** @deprecated Not sent: the server calls providers with its own keys. */
  readonly providerApiKeys?: Readonly<Record<string, string>>
}

interface Listeners {
  readonly onProgress?: ((progress: PipelineProgress) => void) | undefined
  readonly onError?: ((error: Error) => void) | undefined
}

/** What no server has to be asked about. */
const refuseShapeless = (plan: ExecutionPlan): void => {
  const refused = (message: string): never => {
    throw new SpoolError(message, { code: 'PLAN_INVALID' })
  }
  if (!Array.isArray(plan?.jobs)) refused("An ExecutionPlan needs a list of jobs under 'jobs'.")
  if (plan.jobs.length === 0) refused('An ExecutionPlan needs at least one job.')
  for (const [index, job] of plan.jobs.entries()) {
    for (const field of ['id', 'type', 'params'] as const) {
      if (!job[field]) refused(`Job ${job.id ?? index + 1} of the ExecutionPlan has no '${field}'.`)
    }
  }
}

const order = async (plan: ExecutionPlan, options: ExecuteOptions): Promise<PipelineExecution> => {
  const { apiUrl, apiKey, signal, webhook, webhookSecret, maxCredits } = options
  const access = {
    ...(apiUrl !== undefined && { apiUrl }),
    ...(apiKey !== undefined && { apiKey }),
    ...(signal !== undefined && { signal }),
  }
  const { executionId } = await callApi<{ readonly executionId: string }>(access, {
    method: 'POST',
    path: '/execute',
    idempotencyKey: globalThis.crypto.randomUUID(),
    body: {
      executionPlan: { ...plan, ...(maxCredits !== undefined && { maxCredits }) },
      options: {
        webhook,
        webhookSecret,
        baseExecutionId: options.baseExecutionId ?? plan.baseExecutionId,
      },
    },
  })
  return executionOf(executionId, access)
}

/** Runs a plan, and tells those who listen; the way of every execution. */
export const runPlan = async (
  plan: ExecutionPlan,
  options: ExecuteOptions,
  { onProgress, onError }: Listeners = {},
): Promise<PipelineExecution> => {
  let execution: PipelineExecution
  try {
    refuseShapeless(plan)
    execution = await order(plan, options)
  } catch (error) {
    if (error instanceof Error) onError?.(error)
    throw error
  }
  if (onError) execution.onError(onError)
  if (options.webhook === undefined) await execution.waitForCompletion(onProgress)
  return execution
}

/**
 * Runs a plan from wherever it came: `toJSON()`, a database, a model. Waits for the end, or answers
 * at once where a webhook will tell. *Errors:* SpoolError; its `findings` say what to mend in the plan.
 */
export const executeFromPlan = async (
  plan: ExecutionPlan,
  options: ExecuteOptions = {},
): Promise<PipelineExecution> => await runPlan(plan, options)
