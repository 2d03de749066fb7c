import { executionParams } from '../../contracts/http/executions.ts'
import { generation, limitAccepted, newLimit } from '../../contracts/http/generations/generation.ts'
import { isExecutionOver } from '../../domain/statuses.ts'
import { ownRun } from '../own-executions.ts'
import { presentGeneration } from '../present-generation.ts'
import { FailureWithFacts } from '../problem.ts'
import { problems, type Api, type RouteContext } from './route-context.ts'

const noLimit = (detail: string) =>
  new FailureWithFacts('CONFLICT', 'no limit to raise', { detail })

/** Plans that were ordered: how far they are, and how they go on. */
export const generationRunRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { repositories, workflows } = context

  app.route({
    method: 'GET',
    url: '/generations/:id',
    schema: {
      summary: 'One run of a plan: its jobs, what they made, and what the plan is for',
      tags: ['generations'],
      params: executionParams,
      response: { 200: generation, ...problems(401, 404) },
    },
    handler: async (request) =>
      await presentGeneration(context, await ownRun(context, request, request.params.id)),
  })

  app.route({
    method: 'POST',
    url: '/generations/:id/limit',
    schema: {
      summary: 'Raise the limit of a run; one that waits for it goes on where it stood',
      tags: ['generations'],
      params: executionParams,
      body: newLimit,
      response: { 202: limitAccepted, ...problems(401, 404, 409, 422) },
    },
    handler: async (request, reply) => {
      const { execution, generation: plan } = await ownRun(context, request, request.params.id)
      const { id: executionId, status, workflowId } = execution
      const { maxCredits } = request.body
      if (isExecutionOver(status)) throw noLimit(`The execution has ended already: ${status}.`)
      if (plan.maxCredits === null) throw noLimit('The run has no limit.')
      const { accountId } = execution
      const isRaised = await repositories.generations.raiseLimit({
        accountId,
        executionId,
        maxCredits,
      })
      if (!isRaised && plan.maxCredits !== maxCredits) {
        throw noLimit(`The limit is ${plan.maxCredits} already; give more.`)
      }
      await workflows.tellLimitRaised(workflowId, maxCredits)
      return await reply.code(202).send({ executionId, maxCredits })
    },
  })
}
