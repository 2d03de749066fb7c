import { EventEmitter } from 'node:events'
import type { ExecutionNews } from '../contracts/ports.ts'

export interface ExecutionNewsHub extends ExecutionNews {
  /** An execution has new events. */
  readonly announce: (executionId: string) => void
  /** Something may have been missed: everybody looks again. */
  readonly announceAll: () => void
}

/**
 * Spreads the announcements of one database connection among all who follow an execution, so that a
 * thousand open streams cost one connection.
 */
export const createExecutionNewsHub = (): ExecutionNewsHub => {
  const emitter = new EventEmitter()
  // One listener per open stream; the default warns of a leak at eleven.
  emitter.setMaxListeners(0)
  return {
    follow: (executionId, wake) => {
      emitter.on(executionId, wake)
      return () => emitter.off(executionId, wake)
    },
    announce: (executionId) => void emitter.emit(executionId),
    announceAll: () => {
      for (const executionId of emitter.eventNames()) emitter.emit(executionId)
    },
  }
}
