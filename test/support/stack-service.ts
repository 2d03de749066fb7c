import { killRemainingGroup, startPart } from '../../scripts/stack/part.ts'
import type { Part, RunningPart } from '../../scripts/stack/part.ts'
import { eventually } from './eventually.ts'

/** One process of a stack under test, which can be killed and started again at the same address. */
export interface Service {
  readonly pid: () => number
  readonly start: () => Promise<void>
  /** SIGKILL to the process and nothing else: what it started is its own business. */
  readonly kill: () => Promise<void>
  readonly stop: () => Promise<void>
}

export const serviceOf = (part: Part): Service => {
  let running: RunningPart | null = null
  const pid = () => {
    if (running === null) throw new Error(`${part.name} is not running`)
    return running.pid
  }
  return {
    pid,
    start: async () => {
      // A killed PostgreSQL is refused its data until its last child has noticed.
      running = await eventually(() => startPart(part), 30_000)
    },
    kill: async () => {
      process.kill(pid(), 'SIGKILL')
      await running?.exited
      running = null
    },
    stop: async () => {
      if (running === null) return
      const leader = running.pid
      await running.stop()
      killRemainingGroup(leader)
      running = null
    },
  }
}
