import { EventEmitter } from 'node:events'
import type { ExecutionNews } from '../contracts/ports.ts'

export interface ExecutionNewsHub extends ExecutionNews {
  /** An execution, which belongs to the account, has new events. */
  readonly announce: (executionId: string, accountId: string) => void
  /** Something may have been missed: everybody looks again. */
  readonly announceAll: () => void
}

/**
 * Spreads the announcements of one database connection among all who follow an execution or an account, so
 * that a thousand open streams cost one connection.
 */
export const createExecutionNewsHub = (): ExecutionNewsHub => {
  const emitter = new EventEmitter()
  // One listener per open stream; the default warns of a leak at eleven.
  emitter.setMaxListeners(0)
  return {
    follow: (id, wake) => {
      emitter.on(id, wake)
      return () => emitter.off(id, wake)
    },
    announce: (executionId, accountId) => {
      emitter.emit(executionId)
      emitter.emit(accountId)
    },
    announceAll: () => {
      for (const id of emitter.eventNames()) emitter.emit(id)
    },
  }
}
