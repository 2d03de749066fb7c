import { z } from 'zod'
import { idField } from '../../contracts/http/fields.ts'
import { newTask } from '../../contracts/http/tasks/new-task.ts'
import type { RenderTaskOptions } from '../../contracts/http/tasks/render-options.ts'
import { task, taskPage, taskQuery } from '../../contracts/http/tasks/task.ts'
import { MediaError } from '../../domain/failures.ts'
import type { Account } from '../../db/repositories/accounts.ts'
import { INTERNAL_ACCOUNT_ID, isId } from '../../domain/ids.ts'
import type { Plan } from '../../domain/plans.ts'
import { isTaskOver } from '../../domain/statuses.ts'
import { lookProblems } from '../../domain/video-rules.ts'
import { accountOf } from '../plugins/authentication.ts'
import { newId } from '../plugins/idempotency.ts'
import { presentTask } from '../presenters.ts'
import type { Placement } from '../workflow-service.ts'
import { placementOf } from './renders.ts'
import { problems, type Api, type RouteContext } from './route-context.ts'

const withId = z.object({ id: idField('task') })

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

/** Single media operations, in the dialect that renderers speak. */
export const taskRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { repositories, workflows } = context

  const refuseForeignInput = async (accountId: `acct_${string}`, input: string): Promise<void> => {
    if (!isId('media', input)) return
    if ((await repositories.media.find(accountId, input)) !== null) return
    throw new MediaError('INPUT_INVALID', 'no such medium', {
      problems: [
        {
          path: 'input',
          message: 'names no medium of yours',
          fix: 'Upload the file first, or give a URL.',
        },
      ],
    })
  }

  const refuseLook = (plan: Plan, options: RenderTaskOptions): void => {
    const { hdr, resolution, width, height } = options
    const shortSidePx = width && height ? Math.min(width, height) : resolution
    const sizePath = width && height ? 'options.width' : 'options.resolution'
    const found = lookProblems({ hdr, shortSidePx }, plan, sizePath, 'options.hdr')
    if (found.length > 0) throw new MediaError('INPUT_INVALID', 'refused look', { problems: found })
  }

  const refuseTarget = async (url: string | null | undefined): Promise<void> => {
    const refused = url == null ? null : await context.checkWebhookTarget(url)
    if (refused === null) return
    throw new MediaError('INPUT_INVALID', 'refused webhook target', {
      problems: [{ ...refused, path: 'webhook_url' }],
    })
  }

  app.route({
    method: 'POST',
    url: '/tasks',
    schema: {
      summary: 'Order a single media operation',
      tags: ['tasks'],
      body: newTask,
      response: { 201: task, ...problems(400, 401, 409, 422) },
    },
    config: { idempotent: true },
    handler: async (request, reply) => {
      const account = accountOf(request)
      const { input, kind, options, metadata, webhook_url: webhookUrl, priority } = request.body
      await refuseForeignInput(account.id, input)
      refuseLook(account.plan, options)
      await refuseTarget(webhookUrl)
      const placement = sharedPlacement(account, placementOf(account, priority), metadata)
      const row = await repositories.tasks.insert({
        id: newId(request, 'task'),
        accountId: account.id,
        kind,
        input,
        options,
        metadata,
        webhookUrl: webhookUrl ?? null,
        priority: placement.priority,
      })
      await workflows.startTask({
        taskId: row.id,
        placement,
        summary: `Task ${kind} for ${account.name}`,
      })
      return await reply.code(201).send(await presentTask(context, row))
    },
  })

  app.route({
    method: 'GET',
    url: '/tasks/:id',
    schema: {
      summary: 'One task',
      tags: ['tasks'],
      params: withId,
      response: { 200: task, ...problems(401, 404) },
    },
    handler: async (request) => {
      const row = await repositories.tasks.find(accountOf(request).id, request.params.id)
      if (row === null) throw new MediaError('NOT_FOUND', 'no such task')
      return await presentTask(context, row)
    },
  })

  app.route({
    method: 'GET',
    url: '/tasks',
    schema: {
      summary: 'All tasks, newest first',
      tags: ['tasks'],
      querystring: taskQuery,
      response: { 200: taskPage, ...problems(401, 422) },
    },
    handler: async (request) => {
      const accountId = accountOf(request).id
      const page = await repositories.tasks.list({ accountId, ...request.query })
      return {
        tasks: await Promise.all(page.items.map((row) => presentTask(context, row))),
        next_cursor: page.nextCursor,
      }
    },
  })

  app.route({
    method: 'POST',
    url: '/tasks/:id/cancel',
    schema: {
      summary: 'Cancel a task; one that is over stays as it is',
      tags: ['tasks'],
      params: withId,
      response: { 202: task, ...problems(401, 404) },
    },
    handler: async (request, reply) => {
      const row = await repositories.tasks.find(accountOf(request).id, request.params.id)
      if (row === null) throw new MediaError('NOT_FOUND', 'no such task')
      if (!isTaskOver(row.status)) await workflows.cancelTask(row.id)
      return await reply.code(202).send(await presentTask(context, row))
    },
  })
}
