/** What the caller has ordered. Of somebody else's orders is said what is said of those that there are none of. */

import type { FastifyRequest } from 'fastify'
import type { ExecutionDetails } from '../db/repositories/executions.ts'
import { MediaError } from '../domain/failures.ts'
import type { ApiDependencies } from './dependencies.ts'
import { accountOf } from './plugins/authentication.ts'
import type { GenerationRun } from './present-generation.ts'

type Reading = Pick<ApiDependencies, 'repositories'>

/** The caller's own execution. *Errors:* NOT_FOUND, for a foreign one too. */
export const ownExecution = async (
  { repositories }: Reading,
  request: FastifyRequest,
  id: string,
): Promise<ExecutionDetails> => {
  const row = await repositories.executions.find(accountOf(request).id, id)
  if (row === null) throw new MediaError('NOT_FOUND', 'no such execution')
  return row
}

/** A plan of the caller with its execution. *Errors:* NOT_FOUND, for a foreign one too. */
export const ownRun = async (
  { repositories }: Reading,
  request: FastifyRequest,
  id: GenerationRun['execution']['id'],
): Promise<GenerationRun> => {
  const accountId = accountOf(request).id
  const [execution, found] = await Promise.all([
    repositories.executions.find(accountId, id),
    repositories.generations.find(accountId, id),
  ])
  if (execution === null || found === null) {
    throw new MediaError('NOT_FOUND', 'no such generation')
  }
  return { execution, generation: found }
}
