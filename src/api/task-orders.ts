/** Taking orders for single media operations, whatever dialect they come in. */

import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { TaskAdmission } from '../contracts/activities.ts'
import type { NewTask } from '../contracts/http/tasks/new-task.ts'
import type { Account } from '../db/repositories/accounts.ts'
import type { Media } from '../db/repositories/media.ts'
import type { NewTask as NewTaskRow, Task } from '../db/repositories/tasks.ts'
import { MediaError, type FieldProblem } from '../domain/failures.ts'
import { holdId, INTERNAL_ACCOUNT_ID, isId, taskWorkflowId } from '../domain/ids.ts'
import type { TaskDialect } from '../domain/task-dialects.ts'
import { TASK_NEEDS, taskKindOf, taskWorkOf } from '../domain/task-kinds.ts'
import { mediaNeed, planTask, refuseLack } from '../domain/task-plan.ts'
import { remoteWork } from '../domain/task-providers.ts'
import { lookProblems } from '../domain/video-rules.ts'
import { declinedOrder } from './declined-order.ts'
import { refuseMissingEngines } from './missing-engines.ts'
import { placementOf, type Placement } from './placement.ts'
import { accountOf } from './plugins/authentication.ts'
import { newId } from './plugins/idempotency.ts'
import type { RouteContext } from './routes/route-context.ts'

const shareFields = z.object({ tenant: z.string().max(64), tenant_weight: z.number().positive() })

/** Spool renders for all its accounts under one of its own; by what the order says of them they keep
 * their shares of the queue. Nobody else can say whom a task counts to. */
const sharedPlacement = (
  account: Account,
  placement: Placement,
  metadata: Readonly<Record<string, unknown>>,
): Placement => {
  const share = account.id === INTERNAL_ACCOUNT_ID ? shareFields.safeParse(metadata) : null
  if (share?.success !== true) return placement
  const { tenant: fairnessKey, tenant_weight: fairnessWeight } = share.data
  return { ...placement, fairnessKey, fairnessWeight }
}

/** The medium that an order names; null: the input is somewhere else. */
const mediumOf = async (
  { repositories }: RouteContext,
  account: Account,
  { input }: NewTask,
): Promise<Media | null | 'missing'> =>
  isId('media', input) ? ((await repositories.media.find(account.id, input)) ?? 'missing') : null

const MEDIUM_MISSING: FieldProblem = {
  path: 'input',
  message: 'names no medium of yours',
  fix: 'Upload the file first, or give a URL.',
}

/** What the plan does not allow of a render. */
const planProblems = ({ plan }: Account, order: NewTask): readonly FieldProblem[] => {
  if (order.kind !== 'render') return []
  const { hdr, resolution, width, height } = order.options
  const shortSidePx = width && height ? Math.min(width, height) : resolution
  const sizePath = width && height ? 'options.width' : 'options.resolution'
  return lookProblems({ hdr, shortSidePx }, plan, sizePath, 'options.hdr')
}

const targetProblems = async (
  context: RouteContext,
  { webhook_url: url }: NewTask,
): Promise<readonly FieldProblem[]> => {
  const refused = url == null ? null : await context.checkWebhookTarget(url)
  return refused === null ? [] : [{ ...refused, path: 'webhook_url' }]
}

/** By the work that needs them. */
const ENGINES: Readonly<Record<string, 'speech' | 'translation'>> = {
  transcription: 'speech',
  translation: 'translation',
}

const enginesOf = ({ kind, options }: NewTask) => {
  const engine = ENGINES[taskWorkOf(taskKindOf(kind), options)]
  return engine === undefined ? [] : [{ path: 'kind', engine }]
}

/**
 * Writes the order down and starts its workflow. *Idempotent* by the request's key. *Errors:*
 * INPUT_INVALID with all that is to be mended; NOT_CONFIGURED; INSUFFICIENT_CREDITS with the figures, for a
 * medium that lies here; TEMPORAL_UNAVAILABLE, after which the same key finds the row.
 */
export const orderTask = async (
  context: RouteContext,
  request: FastifyRequest,
  order: NewTask,
  dialect: TaskDialect,
): Promise<Task> => {
  const account = accountOf(request)
  refuseMissingEngines(context.settings, enginesOf(order))
  const medium = await mediumOf(context, account, order)
  const problems = [
    ...(medium === 'missing' ? [MEDIUM_MISSING] : []),
    ...planProblems(account, order),
    ...(await targetProblems(context, order)),
  ]
  if (medium === 'missing' || problems.length > 0) {
    throw new MediaError('INPUT_INVALID', 'refused task', { problems })
  }
  const { input, options, metadata, webhook_url: webhookUrl, priority } = order
  const kind = taskKindOf(order.kind)
  const placement = sharedPlacement(account, placementOf(account, priority), metadata)
  const newTask = {
    id: newId(request, 'task'),
    accountId: account.id,
    kind,
    dialect,
    input,
    options,
    metadata,
    webhookUrl: webhookUrl ?? null,
    priority: placement.priority,
  }
  const { row, admission } = await insertTask(context, { account, medium, newTask })
  await context.workflows.startTask({
    taskId: row.id,
    admission,
    placement,
    summary: `Task ${kind} for ${account.name}`,
  })
  return row
}

/** Writes the order down and, of a medium that lies here, holds its price in the same transaction. *Errors:*
 * INSUFFICIENT_CREDITS. */
const insertTask = async (
  { repositories, settings, now }: RouteContext,
  order: { readonly account: Account; readonly medium: Media | null; readonly newTask: NewTaskRow },
): Promise<{ readonly row: Task; readonly admission: TaskAdmission | null }> => {
  const { account, medium, newTask } = order
  if (medium === null) return { row: await repositories.tasks.insert(newTask), admission: null }
  const { id, accountId } = newTask
  const { admission, amountCredits } = admissionOf(settings, { account, medium, newTask })
  const hold = {
    id: holdId(id),
    accountId,
    amountCredits,
    workflowId: taskWorkflowId(id),
    expiresAt: new Date(now().getTime() + settings.holdTtlMs),
  }
  const admitted = await repositories.tasks.admit(newTask, amountCredits > 0 ? hold : null)
  if (admitted.state === 'admitted') return { row: admitted.task, admission }
  throw declinedOrder({ ...admitted, neededCredits: amountCredits })
}

/** What is to be done with a medium, and its price; one that does not fit is refused by the workflow,
 * as any other input that turns out not to. */
const admissionOf = (
  settings: RouteContext['settings'],
  { account, medium, newTask }: Parameters<typeof insertTask>[1] & { readonly medium: Media },
): { readonly admission: TaskAdmission; readonly amountCredits: number } => {
  const { storageKey: inputKey, durationSeconds } = medium
  try {
    const { work, amountCredits } = planTask(newTask, account.plan, durationSeconds ?? 0)
    refuseLack(medium, mediaNeed(TASK_NEEDS[work]))
    // Spool's own orders are those that others sent here; they would go round in a circle.
    const isOwn = account.id === INTERNAL_ACCOUNT_ID
    const remote = isOwn ? null : remoteWork({ ...settings, settings }, work, newTask.options)
    const ready = { status: 'ready', work, inputKey, inputIs: 'medium', remote } as const
    return { admission: { ...ready, durationSeconds: durationSeconds ?? 0 }, amountCredits }
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    return { admission: { status: 'refused', failure: error.code }, amountCredits: 0 }
  }
}
