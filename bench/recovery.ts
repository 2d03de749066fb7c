import { setTimeout as delay } from 'node:timers/promises'
import type { RunningPart } from '../scripts/stack/part.ts'
import { taskWorkflowId } from '../src/domain/ids.ts'
import { cancelRender, createVideo, makeSong, orderRender, uploadMedium } from './customer.ts'
import type { Figure } from './figure.ts'
import type { Measure } from './run.ts'
import { median } from './samples.ts'
import type { BenchStack } from './stack.ts'

const GOAL_SECONDS = 5
/** Long enough that the step is still at work when its worker is killed. */
const REGION_SECONDS = 580
const POLL_MS = 25
const LOST_AFTER_MS = 90_000
/** `PendingActivityState` of the gRPC interface. */
const STARTED = 2

/** The activities that are interrupted, and where they run. */
const INTERRUPTED = [
  { activity: 'cropAudio', inTask: false },
  { activity: 'renderTask', inTask: true },
] as const

interface Attempt {
  readonly attempt: number
  readonly processId: number
}

/**
 * A worker is killed (SIGKILL) in the middle of a step. How long after another worker is there does the
 * step run again: one that was there all the time, and one that is started after the kill.
 */
export const measure: Measure = async (run) => {
  const stack = await run.stack()
  const mediaId = await uploadMedium(stack, await makeSong(stack, REGION_SECONDS + 10))
  const repetitions = run.quick ? 1 : 2
  const present: number[] = []
  const fresh: number[] = []
  let first = await stack.startWorker()
  try {
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      for (const step of INTERRUPTED) {
        const second = await stack.startWorker()
        const outcome = await interrupt(stack, mediaId, step, [first, second])
        present.push(outcome.seconds)
        first = outcome.survivor
        run.say(
          `${step.activity} ran again after ${outcome.seconds.toFixed(1)} s on a worker that was there`,
        )

        const alone = await interrupt(stack, mediaId, step, [first])
        fresh.push(alone.seconds)
        first = alone.survivor
        run.say(
          `${step.activity} ran again ${alone.seconds.toFixed(1)} s after a new worker was there`,
        )
      }
    }
  } finally {
    await first.stop()
  }
  return [
    figureOf('a worker that was there', present),
    figureOf('a worker started after it', fresh),
  ]
}

const figureOf = (worker: string, seconds: readonly number[]): Figure => ({
  name: `recovery: SIGKILL to the step on ${worker}`,
  ours: `${median(seconds).toFixed(1)} s, at most ${Math.max(...seconds).toFixed(1)} s of ${seconds.length}`,
  yardstick: '',
  ratio: '',
  goal: `≤ ${GOAL_SECONDS} s`,
  met: Math.max(...seconds) <= GOAL_SECONDS,
})

/** Kills the worker that has the step; another takes over, if there is none a new one. */
const interrupt = async (
  stack: BenchStack,
  mediaId: string,
  step: (typeof INTERRUPTED)[number],
  workers: readonly RunningPart[],
): Promise<{ readonly seconds: number; readonly survivor: RunningPart }> => {
  const videoId = await createVideo(stack, mediaId, REGION_SECONDS)
  const { executionId, workflowId } = await orderRender(stack, videoId)
  const owner = step.inTask ? await remoteWorkflowId(stack, workflowId) : workflowId
  const before = await untilRunning(stack, owner, step.activity, 1)
  const victim = workers.find(({ pid }) => pid === before.processId)
  if (victim === undefined) throw new Error(`${step.activity} runs on an unknown worker`)
  process.kill(victim.pid, 'SIGKILL')
  await victim.exited
  const killedAtMs = performance.now()

  const survivor = workers.find((worker) => worker !== victim) ?? (await stack.startWorker())
  const thereAtMs = workers.length > 1 ? killedAtMs : performance.now()
  await untilRunning(stack, owner, step.activity, 2)
  const seconds = (performance.now() - thereAtMs) / 1000
  await cancelRender(stack, executionId)
  await stack.temporal.workflow.getHandle(workflowId).result()
  return { seconds, survivor }
}

/** The workflow that a renderer, here Spool itself, has for the render. */
const remoteWorkflowId = async (stack: BenchStack, workflowId: string): Promise<string> => {
  const handle = stack.temporal.workflow.getHandle(workflowId)
  const taskId = await until(async () => {
    const progress = await handle.query<{ readonly taskId: string | null }>('progress')
    return progress.taskId
  })
  return taskWorkflowId(taskId)
}

/** Resolves when an attempt of the activity, of at least this number, is at work. */
const untilRunning = (
  stack: BenchStack,
  workflowId: string,
  activity: string,
  attempt: number,
): Promise<Attempt> =>
  until(async () => {
    const { raw } = await stack.temporal.workflow.getHandle(workflowId).describe()
    const pending = raw.pendingActivities?.find(
      ({ activityType }) => activityType?.name === activity,
    )
    if (pending === undefined || Number(pending.state) !== STARTED) return null
    if ((pending.attempt ?? 0) < attempt) return null
    return {
      attempt: pending.attempt ?? 0,
      processId: Number.parseInt(pending.lastWorkerIdentity ?? ''),
    }
  })

const until = async <Value>(look: () => Promise<Value | null>): Promise<Value> => {
  const deadlineMs = Date.now() + LOST_AFTER_MS
  for (;;) {
    const found = await look().catch((error: unknown) => {
      if (Date.now() > deadlineMs) throw error
      return null
    })
    if (found !== null) return found
    if (Date.now() > deadlineMs) throw new Error('the step did not run')
    await delay(POLL_MS)
  }
}
