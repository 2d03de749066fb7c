import { mkdir } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { activityInfo, cancellationSignal } from '@temporalio/activity'
import type { ModelCall, ModelJobHandle, Submission } from '../../adapters/models/model-provider.ts'
import type {
  GenerationActivities,
  SubmittedModelJob,
} from '../../contracts/generation-activities.ts'
import type { GenerationJob } from '../../db/repositories/generations.ts'
import { failureRule, MediaError } from '../../domain/failures.ts'
import { remoteJobKey } from '../../domain/ids.ts'
import { LOCAL_PROVIDER } from '../../domain/generation/model-queue.ts'
import { modelRequest } from '../../domain/generation/models/model-request.ts'
import type { ModelJob } from '../../domain/generation/plan.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import type { Workspace } from '../lib/media-tools.ts'
import { configuredModelProvider } from './configured-model.ts'
import { keepAnswer } from './keep-answer.ts'
import { findJob, type OwnedJob } from './plan-job.ts'
import { readyParams } from './ready-params.ts'
import { storedInputs, type StoredInput } from './stored-inputs.ts'

/** Providers take about this much within an order. */
const INLINE_BYTES_MAX = 5 * 1024 * 1024

type Order = Parameters<GenerationActivities['submitModelJob']>[0]

type Sent = Pick<SubmittedModelJob, 'status'>

interface Sending {
  readonly order: Order
  readonly owned: OwnedJob
  readonly job: ModelJob
  readonly reference: string
}

/**
 * Sends a paid order, once. It is written down before it is sent; whoever finds it so afterwards asks the
 * provider for it and never sends it blindly again. What was answered at once is kept. *Errors:*
 * PROVIDER_UNAVAILABLE (retried; it was surely not taken, or it is looked for first), PROVIDER_REJECTED, PROVIDER_FAILED (it was
 * taken, and came to nothing), PROVIDER_OUTCOME_UNKNOWN, NOT_CONFIGURED (final). *Cancellation:* an
 * engine of ours is stopped; a provider is heard to the end, so that what it has taken can be cancelled.
 */
export const submitModelJob =
  (deps: ActivityDependencies): GenerationActivities['submitModelJob'] =>
  async (order) => {
    const { executionId, orderName } = order
    const owned = await findJob(deps, order)
    const { job } = owned.row
    if (!('choices' in job)) throw new MediaError('NOT_FOUND', `${job.id} is made by no model`)
    const reference = remoteJobKey(executionId, orderName, 1)
    const hasWebhook = webhookUrlOf(deps, order) !== null
    const { reference: newest, orderState } = owned.row
    if (orderState === 'accepted' || orderState === 'answered') {
      if (newest === reference) return { status: orderState, hasWebhook }
      // The webhook of an older order comes under its own name.
      if (mayResume(order, owned.row)) return { status: orderState, hasWebhook: false }
    }
    const sent = await deps.tools.withWorkspace(executionId, (workspace) =>
      send(deps, { order, owned, job, reference }, workspace),
    )
    return { ...sent, hasWebhook }
  }

const mayResume = ({ resumes, ...wanted }: Order, row: GenerationJob): boolean =>
  resumes && row.model === wanted.model && row.provider === wanted.provider

const send = async (
  deps: ActivityDependencies,
  sending: Sending,
  workspace: Workspace,
): Promise<Sent> => {
  const { order, owned, reference } = sending
  const { executionId, jobId, model, provider } = order
  const call = await modelCall(deps, sending, workspace)
  const { isNew, job } = await deps.generations.beginOrder({
    ...{ executionId, jobId, reference, model, provider },
  })
  const before = isNew ? null : await found(deps, sending, { call, job })
  if (before !== null) return before
  const submission = await submit(deps, sending, call, workspace)
  if (submission.status === 'accepted') return await accept(deps, sending, submission.handle)
  const accountId = owned.account.id
  await keepAnswer(deps, { executionId, jobId, reference, accountId }, submission.answer)
  return { status: 'answered' }
}

/** What became of an order that was noted before; null: it was surely not taken. */
const found = async (
  deps: ActivityDependencies,
  sending: Sending,
  { call, job }: { readonly call: ModelCall; readonly job: GenerationJob },
): Promise<Sent | null> => {
  const { order, reference } = sending
  if (job.orderState === 'accepted' || job.orderState === 'answered') {
    return { status: job.orderState }
  }
  const provider = configuredModelProvider(deps, order.provider)
  if (provider.find === undefined) {
    const detail = `${order.provider} cannot look up ${reference}`
    throw new MediaError('PROVIDER_OUTCOME_UNKNOWN', detail)
  }
  const orderedAtMs = job.submittedAt?.getTime() ?? order.orderedAtMs
  const handle = await provider.find({ ...call, orderedAtMs }, {}).catch((error: unknown) => {
    if (!(error instanceof MediaError)) throw error
    if (failureRule(error.code).retry === 'yes' && !isLastAttempt()) throw error
    // Whoever gives up looking must not order elsewhere what may be on its way.
    throw new MediaError('PROVIDER_OUTCOME_UNKNOWN', `${reference} could not be looked up`, {
      cause: error,
    })
  })
  return handle === null ? null : await accept(deps, sending, handle)
}

const isLastAttempt = (): boolean => {
  const { attempt, retryPolicy } = activityInfo()
  return attempt >= (retryPolicy?.maximumAttempts || Number.POSITIVE_INFINITY)
}

const accept = async (
  { generations }: ActivityDependencies,
  { order: { executionId, jobId }, reference }: Pick<Sending, 'order' | 'reference'>,
  handle: ModelJobHandle,
) => {
  await generations.noteAccepted({ executionId, jobId, reference, handle })
  return { status: 'accepted' } as const
}

const submit = async (
  deps: ActivityDependencies,
  { order, reference }: Sending,
  call: ModelCall,
  workspace: Workspace,
): Promise<Submission> => {
  const { executionId, jobId, provider } = order
  const isHere = provider === LOCAL_PROVIDER
  const folder = workspace.path('made')
  await mkdir(folder)
  const model = configuredModelProvider(deps, provider)
  try {
    return await model.submit(call, {
      folder,
      ...(isHere ? { signal: cancellationSignal() } : {}),
    })
  } catch (error) {
    const code = error instanceof MediaError ? error.code : null
    if (code === 'PROVIDER_UNAVAILABLE' || code === 'PROVIDER_REJECTED') {
      await deps.generations.forgetOrder({ executionId, jobId, reference })
    }
    if (code === 'PROVIDER_OUTCOME_UNKNOWN' && model.find !== undefined && !isLastAttempt()) {
      // The next attempt finds it noted, and looks for it.
      throw new MediaError('PROVIDER_UNAVAILABLE', `${reference} is looked for`, { cause: error })
    }
    if (code !== 'PROVIDER_OUTPUT_INVALID') throw error
    // The order is over and may have been paid; another one is for the workflow to decide.
    throw new MediaError('PROVIDER_FAILED', `${provider} answered without a result`, {
      cause: error,
    })
  }
}

const modelCall = async (
  deps: ActivityDependencies,
  { order, owned, job, reference }: Sending,
  workspace: Workspace,
): Promise<ModelCall> => {
  const inputs = await storedInputs(deps, [owned])
  const place = order.provider === LOCAL_PROVIDER ? onDisk(deps, workspace) : inReach(deps, order)
  const params = await readyParams(deps, job, inputs, place)
  const operation = job.operation === 'expand' ? 'generateText' : job.operation
  return {
    operation,
    ...modelRequest(order, params),
    reference,
    webhookUrl: webhookUrlOf(deps, order),
  }
}

const webhookUrlOf = (deps: ActivityDependencies, order: Order): string | null =>
  deps.modelWebhookUrlFor({
    workflowId: order.workflowId,
    executionId: order.executionId,
    step: order.orderName,
    provider: order.provider,
    issuedAtMs: order.orderedAtMs,
  })

/** Engines of ours read files of this machine. */
const onDisk = (
  { storage }: ActivityDependencies,
  workspace: Workspace,
): ((input: StoredInput) => Promise<string>) => {
  let count = 0
  return async ({ storageKey }) => {
    count += 1
    const path = workspace.path(`input-${count}`)
    await storage.downloadTo(storageKey, path, cancellationSignal())
    return path
  }
}

/** Signed as of when it was ordered, so that a repeated order has the same body. A provider that cannot
 * reach us is given what is small enough to travel in the order itself. */
const inReach =
  ({ storage, settings, modelCanFetch }: ActivityDependencies, { orderedAtMs, provider }: Order) =>
  async ({ storageKey, contentType, sizeBytes }: StoredInput): Promise<string> => {
    const url = await storage.signGet(storageKey, {
      expiresInSeconds: settings.urlTtlSeconds,
      signedAt: new Date(orderedAtMs),
    })
    if (modelCanFetch(provider, url)) return url
    if (sizeBytes > INLINE_BYTES_MAX) {
      throw new MediaError('NOT_CONFIGURED', `${provider} cannot reach ${storageKey}`)
    }
    const { stream } = await storage.open(storageKey)
    return `data:${contentType};base64,${(await buffer(stream)).toString('base64')}`
  }
