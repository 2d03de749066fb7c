import {
  decisionAccepted,
  generationJobParams,
  newDecision,
} from '../../contracts/http/generations/generation.ts'
import { MediaError } from '../../domain/failures.ts'
import { FailureWithFacts } from '../problem.ts'
import { problems, type Api, type RouteContext } from './route-context.ts'

const nothingToDecide = () =>
  new FailureWithFacts('CONFLICT', 'no decision is waited for', {
    detail: 'The job does not wait for a decision.',
  })

/**
 * What an operator decides of an order that the provider may have taken. Not for customers: a repetition
 * may be paid twice by whoever runs the server, and the id of a provider's job opens what is behind it
 * under the server's key, whoever ordered it there.
 */
export const generationDecisionRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { repositories, workflows } = context

  app.route({
    method: 'POST',
    url: '/generations/:id/jobs/:jobId/decision',
    schema: {
      summary: 'Decide about a job of which nobody knows whether its provider has taken it',
      tags: ['admin'],
      params: generationJobParams,
      body: newDecision,
      response: { 202: decisionAccepted, ...problems(401, 404, 409, 422) },
    },
    handler: async (request, reply) => {
      const { id: executionId, jobId } = request.params
      const execution = await repositories.executions.findById(executionId)
      const job = await repositories.generations.jobOf(executionId, jobId)
      if (execution === null || job === null) throw new MediaError('NOT_FOUND', 'no such job')
      if (job.waitingFor !== 'a decision') throw nothingToDecide()
      const { decision, providerJobId } = request.body
      const told = await workflows.tellOutcomeDecided(execution.workflowId, {
        jobId,
        decision,
        ...(providerJobId === undefined ? {} : { providerJobId }),
      })
      if (!told) throw nothingToDecide()
      return await reply.code(202).send({ executionId, jobId })
    },
  })
}
