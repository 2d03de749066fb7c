import type { AllActivities } from '../../src/activities/create-activities.ts'
import type { RenderOrder, RenderPlan } from '../../src/contracts/orders.ts'
import type { ExecutionId } from '../../src/domain/ids.ts'
import { failWith, telling, type NotedCall } from './activity-fakes.ts'

/** The activities that a render calls. */
export type RenderActivities = Pick<
  AllActivities,
  | 'holdCredits'
  | 'markReady'
  | 'abandonExecution'
  | 'markStalled'
  | 'markResumed'
  | 'cropAudio'
  | 'makeThumbnails'
  | 'submitRender'
  | 'inspectRender'
  | 'collectRender'
  | 'verifyRender'
  | 'cancelRender'
  | 'findRenderer'
  | 'invalidateCdn'
  | 'notify'
  | 'sendMail'
  | 'sendAlert'
>

/** The fields of the purse that a test looks at: what became of each execution's hold. */
export interface FakeWorld {
  readonly holds: Map<ExecutionId, 'pending' | 'captured' | 'voided'>
  /** Remote tasks by id: what the renderer would say of them. */
  readonly tasks: Map<string, 'processing' | 'completed' | 'failed' | 'canceled'>
  readonly calls: string[]
  /** `cropAudio completed`, `cropAudio failed`. */
  readonly endings: string[]
  /** What an activity was called with, call by call. */
  readonly inputsOf: <Name extends keyof RenderActivities>(
    name: Name,
  ) => Parameters<RenderActivities[Name]>[0][]
  readonly activities: RenderActivities
}

export const testPlan: RenderPlan = {
  amountCredits: 30,
  rota: ['alpha', 'beta'],
  stallTimeoutMs: 60_000,
  pollIntervalMs: 60_000,
  stalledGraceMs: 600_000,
}

/**
 * Activities typed by the contract, with a purse and a renderer that remember. `change` replaces
 * single activities; each call is noted by name.
 */
export const fakeWorld = (
  options: {
    readonly plan?: Partial<RenderPlan>
    readonly credits?: number
    readonly change?: (world: FakeWorld, base: RenderActivities) => Partial<RenderActivities>
  } = {},
): FakeWorld => {
  const plan = { ...testPlan, ...options.plan }
  let credits = options.credits ?? 1_000
  const holds: FakeWorld['holds'] = new Map()
  const tasks: FakeWorld['tasks'] = new Map()
  const calls: string[] = []
  const release = (executionId: ExecutionId): number => {
    if (holds.get(executionId) !== 'pending') return 0
    holds.set(executionId, 'voided')
    credits += plan.amountCredits
    return plan.amountCredits
  }
  const base: RenderActivities = {
    holdCredits: async ({
      order,
      replaces,
    }: {
      order: RenderOrder
      replaces: ExecutionId | null
    }) => {
      if (holds.has(order.executionId)) return { status: 'held', plan }
      const replaced = replaces !== null && holds.get(replaces) === 'pending'
      const available = credits + (replaced ? plan.amountCredits : 0)
      if (available < plan.amountCredits) {
        return { status: 'declined', neededCredits: plan.amountCredits, availableCredits: credits }
      }
      if (replaced) release(replaces)
      credits -= plan.amountCredits
      holds.set(order.executionId, 'pending')
      return { status: 'held', plan }
    },
    markReady: async ({ executionId }) => {
      if (holds.get(executionId) === 'voided') throw failWith('HOLD_CONFLICT')
      holds.set(executionId, 'captured')
      return { capturedCredits: plan.amountCredits }
    },
    abandonExecution: async ({ executionId }) => ({ releasedCredits: release(executionId) }),
    markStalled: async () => undefined,
    markResumed: async () => undefined,
    cropAudio: async () => ({ croppedAudioKey: 'a.mp3', coverKey: null }),
    submitRender: async ({ executionId, renderer, round }) => {
      const taskId = `task-${executionId}-${round}`
      if (!tasks.has(taskId)) tasks.set(taskId, 'processing')
      return { renderer, taskId }
    },
    inspectRender: async ({ taskId }) => ({
      status: tasks.get(taskId) ?? 'processing',
      failure: tasks.get(taskId) === 'failed' ? 'RENDERER_FAILED' : null,
      silentMs: 0,
    }),
    collectRender: async ({ round }) => ({ videoKey: `${round}/v.mp4`, renderTimeSeconds: 7 }),
    verifyRender: async () => undefined,
    cancelRender: async ({ taskId }) => {
      tasks.set(taskId, 'canceled')
    },
    findRenderer: async () => ({ renderer: null }),
    makeThumbnails: async ({ videoKey }) => ({
      thumbnailKey: `${videoKey}.jpg`,
      squareThumbnailKey: `${videoKey}.square.jpg`,
    }),
    invalidateCdn: async () => ({ reference: null }),
    notify: async () => ({ deliveryIds: [], mailWanted: false }),
    sendMail: async () => ({ messageId: 'm' }),
    sendAlert: async () => undefined,
  }
  const inputs: NotedCall[] = []
  const inputsOf: FakeWorld['inputsOf'] = (name) =>
    inputs.filter((call) => call.name === name).map(({ input }) => input)
  const endings: string[] = []
  const world: FakeWorld = { holds, tasks, calls, endings, inputsOf, activities: base }
  const activities = telling(
    { ...base, ...options.change?.(world, base) },
    {
      called: (call) => {
        calls.push(call.name)
        inputs.push(call)
      },
      ended: (name, how) => {
        const list = how === 'cancelled' ? calls : endings
        list.push(`${name} ${how}`)
      },
    },
  )
  return Object.assign(world, { activities })
}
