import type { ExecutionAnswer } from '../contracts/http/executions.ts'
import type { ExecutionDetails } from '../db/repositories/executions.ts'
import { clipId, isId } from '../domain/ids.ts'
import { isExecutionOver } from '../domain/statuses.ts'
import type { ApiDependencies } from './dependencies.ts'
import { clipNumbers } from './own-clips.ts'
import { isoOrNull, publishedUrl, type UrlSigning } from './presenters.ts'

/** What answers about executions are made with. */
export type Presenting = UrlSigning & Pick<ApiDependencies, 'settings' | 'temporal'>

/** Where the Web UI shows a workflow. */
export const temporalUrl = ({ settings, temporal }: Presenting, workflowId: string): string => {
  const namespace = encodeURIComponent(temporal.options.namespace)
  return `${settings.temporalUiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`
}

/** An execution as a list shows it. */
export const presentExecutionHead = (presenting: Presenting, row: ExecutionDetails) => ({
  id: row.id,
  pipeline: row.pipeline,
  subjectId: row.subjectId,
  workflowId: row.workflowId,
  status: row.status,
  error: row.error,
  temporalUrl: temporalUrl(presenting, row.workflowId),
  createdAt: row.createdAt.toISOString(),
  finishedAt: isoOrNull(row.finishedAt),
})

const presentSteps = ({ steps }: ExecutionDetails): ExecutionAnswer['steps'] =>
  steps.map((step) => ({
    name: step.name,
    status: step.status,
    attempts: step.attempts,
    progress: step.progress,
    startedAt: isoOrNull(step.startedAt),
    finishedAt: isoOrNull(step.finishedAt),
    error: step.error,
  }))

/** The step in work or, between two of them, the next one; null when there is nothing left to do. */
const currentStep = ({ status, steps }: ExecutionDetails): string | null => {
  const running = steps.find((step) => step.status === 'processing')
  if (running !== undefined) return running.name
  if (isExecutionOver(status)) return null
  return steps.find((step) => step.status === 'pending')?.name ?? null
}

/** Of orders of clips and of new versions of one. */
const clipsOf = (row: ExecutionDetails): Pick<ExecutionAnswer, 'clipIds'> => {
  const { pipeline, subjectId } = row
  if (pipeline === 'clip') return { clipIds: clipNumbers(row).map((one) => clipId(row.id, one)) }
  return pipeline === 'recut' && isId('clip', subjectId) ? { clipIds: [subjectId] } : {}
}

/** An execution with its steps, outputs and credits. Its URLs are signed now. */
export const presentExecution = async (
  presenting: Presenting,
  row: ExecutionDetails,
): Promise<ExecutionAnswer> => {
  const urls = Object.entries(row.outputKeys).map(
    async ([name, key]) => [name, await publishedUrl(presenting, key)] as const,
  )
  const { heldCredits, capturedCredits, refundedCredits } = row.credits
  return {
    ...presentExecutionHead(presenting, row),
    completed: row.steps.filter(({ status }) => status === 'completed' || status === 'skipped')
      .length,
    total: row.steps.length,
    currentStep: currentStep(row),
    steps: presentSteps(row),
    outputs: Object.fromEntries(await Promise.all(urls)),
    ...clipsOf(row),
    credits: { held: heldCredits, captured: capturedCredits, refunded: refundedCredits },
  }
}
