import { expect } from 'vitest'
import type { ExecutionId } from '../../src/domain/ids.ts'
import { eventually } from './eventually.ts'
import { startWorkerProcess, type ActivityCall, type WorkerProcess } from './worker-process.ts'
import type { WorkflowServer } from './workflow-server.ts'

/** When a worker dies: before the activity has had its effect, or after, with its answer untold. */
export const MOMENTS = ['before', 'after'] as const

/** One order, and the place at which it loses its worker. */
export interface Death {
  readonly executionId: ExecutionId
  readonly activity: string
  readonly moment: (typeof MOMENTS)[number]
  /** How many calls of the activity stand beside each other. */
  readonly callCount: number
  /** What does the activities of this order, those of all workers. */
  readonly activities: object
}

/** A worker that comes no further than the places of all deaths. */
export interface DoomedWorker {
  /** Resolves when it is in the middle of every one of those calls. */
  readonly untilHeld: () => Promise<void>
  /** Kills it, and answers the one that takes its place. */
  readonly replace: () => Promise<WorkerProcess>
}

type Activities = Readonly<Record<string, (input: unknown) => Promise<unknown>>>

/** The order that an activity is called for. */
export const executionOf = (input: unknown): ExecutionId | undefined => {
  const { executionId, order } = input as {
    executionId?: ExecutionId
    order?: { executionId: ExecutionId }
  }
  return executionId ?? order?.executionId
}

/** Starts the worker, in a process of its own. */
export const startDoomedWorker = async (
  { address, bundlePath }: Pick<WorkflowServer, 'address' | 'bundlePath'>,
  deaths: readonly Death[],
): Promise<DoomedWorker> => {
  // A call that Temporal gives out again, for it missed a beat of a busy machine, is still one call.
  const held = new Set<string>()
  let isFirstWorker = true
  const perform = async ({ name, input }: ActivityCall): Promise<unknown> => {
    const death = deaths.find(({ executionId }) => executionId === executionOf(input))
    const activity = (death?.activities as Activities | undefined)?.[name]
    if (activity === undefined) throw new Error(`the test has no activity ${name}`)
    const isHere = isFirstWorker && death?.activity === name
    const untilKilled = (): Promise<never> => {
      held.add(`${name} ${JSON.stringify(input)}`)
      return new Promise(() => undefined)
    }
    if (isHere && death.moment === 'before') return await untilKilled()
    const answer = await activity(input)
    return isHere ? await untilKilled() : answer
  }
  const names = new Set(deaths.flatMap(({ activities }) => Object.keys(activities)))
  const activityNames = [...names]
  const start = () => startWorkerProcess({ address, bundlePath, activityNames, perform })

  const first = await start()
  const callCount = deaths.reduce((sum, death) => sum + death.callCount, 0)
  return {
    untilHeld: () => eventually(() => expect([...held]).toHaveLength(callCount)),
    replace: async () => {
      isFirstWorker = false
      await first.kill()
      return await start()
    },
  }
}
