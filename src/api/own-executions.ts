/** What the caller has ordered. Of somebody else's orders is said what is said of those that there are none of. */

import type { FastifyRequest } from 'fastify'
import type { ExecutionDetails } from '../db/repositories/executions.ts'
import type { GenerationRun } from '../db/repositories/generations.ts'
import { MediaError } from '../domain/failures.ts'
import type { ExecutionId } from '../domain/ids.ts'
import type { ApiDependencies } from './dependencies.ts'
import { accountOf } from './plugins/authentication.ts'

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
  id: ExecutionId,
): Promise<GenerationRun> => {
  const run = await repositories.generations.findRun(accountOf(request).id, id)
  if (run === null) throw new MediaError('NOT_FOUND', 'no such generation')
  return run
}
