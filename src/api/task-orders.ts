/** Taking orders for single media operations, whatever dialect they come in. */

import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { NewTask } from '../contracts/http/tasks/new-task.ts'
import type { Account } from '../db/repositories/accounts.ts'
import type { Task } from '../db/repositories/tasks.ts'
import { MediaError, type FieldProblem } from '../domain/failures.ts'
import { INTERNAL_ACCOUNT_ID, isId } from '../domain/ids.ts'
import type { TaskDialect } from '../domain/task-dialects.ts'
import { taskKindOf, taskWorkOf } from '../domain/task-kinds.ts'
import { lookProblems } from '../domain/video-rules.ts'
import { accountOf } from './plugins/authentication.ts'
import { newId } from './plugins/idempotency.ts'
import { placementOf } from './routes/renders.ts'
import type { RouteContext } from './routes/route-context.ts'
import type { Placement } from './workflow-service.ts'

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

const inputProblems = async (
  { repositories }: RouteContext,
  account: Account,
  { input }: NewTask,
): Promise<readonly FieldProblem[]> => {
  if (!isId('media', input)) return []
  if ((await repositories.media.find(account.id, input)) !== null) return []
  const fix = 'Upload the file first, or give a URL.'
  return [{ path: 'input', message: 'names no medium of yours', fix }]
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

/** What this server has no engine for is said before any work starts. */
const refuseUnconfigured = ({ settings }: RouteContext, { kind, options }: NewTask): void => {
  const work = taskWorkOf(taskKindOf(kind), options)
  const { speech, translation } = settings.missingSettings
  const missing = { transcription: speech, translation }[work as 'transcription' | 'translation']
  if (missing == null) return
  throw new MediaError('NOT_CONFIGURED', `no engine for ${work}`, {
    problems: [
      {
        path: 'kind',
        message: `needs the setting ${missing}, which this server does not have`,
        fix: 'Ask whoever runs the server, or use another kind.',
      },
    ],
  })
}

/**
 * Writes the order down and starts its workflow. *Idempotent* by the request's key. *Errors:*
 * INPUT_INVALID with all that is to be mended; NOT_CONFIGURED; TEMPORAL_UNAVAILABLE, after which the same key finds the row.
 */
export const orderTask = async (
  context: RouteContext,
  request: FastifyRequest,
  order: NewTask,
  dialect: TaskDialect,
): Promise<Task> => {
  const account = accountOf(request)
  refuseUnconfigured(context, order)
  const problems = [
    ...(await inputProblems(context, account, order)),
    ...planProblems(account, order),
    ...(await targetProblems(context, order)),
  ]
  if (problems.length > 0) throw new MediaError('INPUT_INVALID', 'refused task', { problems })
  const { input, options, metadata, webhook_url: webhookUrl, priority } = order
  const kind = taskKindOf(order.kind)
  const placement = sharedPlacement(account, placementOf(account, priority), metadata)
  const row = await context.repositories.tasks.insert({
    id: newId(request, 'task'),
    accountId: account.id,
    kind,
    dialect,
    input,
    options,
    metadata,
    webhookUrl: webhookUrl ?? null,
    priority: placement.priority,
  })
  await context.workflows.startTask({
    taskId: row.id,
    inputIsMedium: isId('media', input),
    placement,
    summary: `Task ${kind} for ${account.name}`,
  })
  return row
}
