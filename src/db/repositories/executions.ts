import type { Database } from '../database.ts'
import { withDatabaseFailures } from '../failures.ts'
import { createRenderAdmission } from './execution-admission.ts'
import { createExecutionEndings } from './execution-endings.ts'
import { createExecutionReads } from './execution-reads.ts'
import { createExecutionStepWrites } from './execution-steps.ts'
import { createLedgerRepository } from './ledger.ts'
import { createMediaStreamsRepository } from './media-streams.ts'
import { createOrderAdmission } from './order-admission.ts'
import type { RepositoryOptions } from './page.ts'
import { createVideosRepository } from './videos.ts'

export type { ExecutionEvent } from './execution-events.ts'
export type { Execution, ExecutionDetails } from './execution-reads.ts'

/**
 * Orders of pipelines from admission to their end. Everything about an execution is written under
 * the lock of its row; all locks are taken in the order execution, hold, credit account, video or stream, so
 * that nothing waits in a circle.
 */
export const createExecutionsRepository = (
  database: Database,
  { clock = () => new Date() }: RepositoryOptions = {},
) => {
  const ledger = createLedgerRepository(database, { clock })
  const videos = createVideosRepository(database, { clock })
  const streams = createMediaStreamsRepository(database, { clock })
  const parts = { database, ledger, videos, streams, clock }
  return withDatabaseFailures({
    admitRender: createRenderAdmission(parts),
    ...createOrderAdmission(parts),
    ...createExecutionStepWrites(parts),
    ...createExecutionEndings(parts),
    ...createExecutionReads(database),
  })
}

export type ExecutionsRepository = ReturnType<typeof createExecutionsRepository>
