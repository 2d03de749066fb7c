import { z } from 'zod'
import { idField } from '../../contracts/http/fields.ts'
import { newTask } from '../../contracts/http/tasks/new-task.ts'
import { task, taskPage, taskQuery } from '../../contracts/http/tasks/task.ts'
import { MediaError } from '../../domain/failures.ts'
import { isTaskOver } from '../../domain/statuses.ts'
import { accountOf } from '../plugins/authentication.ts'
import { presentTask } from '../presenters.ts'
import { orderTask } from '../task-orders.ts'
import { problems, type Api, type RouteContext } from './route-context.ts'

const withId = z.object({ id: idField('task') })

/** Single media operations, in the dialect that renderers speak. */
export const taskRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { repositories, workflows } = context

  app.route({
    method: 'POST',
    url: '/tasks',
    schema: {
      summary: 'Order a single media operation',
      tags: ['tasks'],
      body: newTask,
      response: { 201: task, ...problems(400, 401, 402, 409, 422) },
    },
    config: { idempotent: true },
    handler: async (request, reply) => {
      const row = await orderTask(context, request, request.body, 'tasks')
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
