import { z } from 'zod'
import { job, jobIdField } from '../../contracts/http/tasks/job.ts'
import { newTask } from '../../contracts/http/tasks/new-task.ts'
import type { Task } from '../../db/repositories/tasks.ts'
import { MediaError } from '../../domain/failures.ts'
import { isTaskOver } from '../../domain/statuses.ts'
import { taskIdOf } from '../../domain/task-dialects.ts'
import { accountOf } from '../plugins/authentication.ts'
import { presentJob } from '../present-job.ts'
import { orderTask } from '../task-orders.ts'
import { problems, type Api, type RouteContext } from './route-context.ts'

const withId = z.object({ id: jobIdField })

/** The same operations as `/tasks`, for clients of the newer dialect. */
export const jobRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { repositories, workflows } = context

  const find = async (accountId: `acct_${string}`, id: `job_${string}`): Promise<Task> => {
    const row = await repositories.tasks.find(accountId, taskIdOf(id))
    if (row === null) throw new MediaError('NOT_FOUND', 'no such job')
    return row
  }

  app.route({
    method: 'POST',
    url: '/jobs',
    schema: {
      summary: 'Order a single media operation, as a job',
      tags: ['tasks'],
      body: newTask,
      response: { 201: job, ...problems(400, 401, 402, 409, 422) },
    },
    config: { idempotent: true },
    handler: async (request, reply) => {
      const row = await orderTask(context, request, request.body, 'jobs')
      return await reply.code(201).send(await presentJob(context, row))
    },
  })

  app.route({
    method: 'GET',
    url: '/jobs/:id',
    schema: {
      summary: 'One job',
      tags: ['tasks'],
      params: withId,
      response: { 200: job, ...problems(401, 404) },
    },
    handler: async (request) =>
      await presentJob(context, await find(accountOf(request).id, request.params.id)),
  })

  app.route({
    method: 'POST',
    url: '/jobs/:id/cancel',
    schema: {
      summary: 'Cancel a job; one that is over stays as it is',
      tags: ['tasks'],
      params: withId,
      response: { 202: job, ...problems(401, 404) },
    },
    handler: async (request, reply) => {
      const row = await find(accountOf(request).id, request.params.id)
      if (!isTaskOver(row.status)) await workflows.cancelTask(row.id)
      return await reply.code(202).send(await presentJob(context, row))
    },
  })
}
