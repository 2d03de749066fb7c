import {
  execution,
  executionPage,
  executionParams,
  executionQuery,
} from '../../contracts/http/executions.ts'
import { ownExecution } from '../own-executions.ts'
import { accountOf } from '../plugins/authentication.ts'
import { presentExecution, presentExecutionHead } from '../present-execution.ts'
import { problems, type Api, type RouteContext } from './route-context.ts'

/** What pipelines have in common: how far they are, and what they made. */
export const executionRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { repositories } = context

  app.route({
    method: 'GET',
    url: '/executions',
    schema: {
      summary: 'All executions, newest first',
      tags: ['executions'],
      querystring: executionQuery,
      response: { 200: executionPage, ...problems(401, 422) },
    },
    handler: async (request) => {
      const { videoId, ...query } = request.query
      const accountId = accountOf(request).id
      const page = await repositories.executions.list({ accountId, subjectId: videoId, ...query })
      return {
        executions: page.items.map((row) => presentExecutionHead(context, row)),
        nextCursor: page.nextCursor,
      }
    },
  })

  app.route({
    method: 'GET',
    url: '/executions/:id',
    schema: {
      summary: 'One execution: its steps, outputs and credits',
      tags: ['executions'],
      params: executionParams,
      response: { 200: execution, ...problems(401, 404) },
    },
    handler: async (request) =>
      await presentExecution(context, await ownExecution(context, request, request.params.id)),
  })
}
