import type { AllActivities } from '../../src/activities/create-activities.ts'
import type { BranchResult } from '../../src/contracts/orders.ts'
import { telling, type NotedCall } from './activity-fakes.ts'

/** The activities that every pipeline but the render calls around its work. */
type OrderActivities = Pick<
  AllActivities,
  | 'admitExecution'
  | 'raiseHold'
  | 'completeExecution'
  | 'abandonExecution'
  | 'notify'
  | 'sendMail'
  | 'sendAlert'
>

/** One order of one account, as the database would know it. */
export interface OrderRecords {
  /** Names of the activities that were called; `makePoster cancelled`. */
  readonly calls: string[]
  /** What each round held and took. */
  readonly rounds: { held: number; captured: number }[]
  /** Steps that no retry repeats. */
  readonly done: Set<string>
  readonly outputs: Record<string, string>
  /** How the branches of the last round ended. */
  readonly results: BranchResult[]
  status: string
}

export interface OrderWorld<Work> extends OrderRecords {
  readonly activities: OrderActivities & Work
}

/** The work of a pipeline whose order is kept in memory. */
interface OrderWork<Work> {
  /** By step. */
  readonly prices: Readonly<Record<string, number>>
  readonly work: (world: OrderRecords) => Work
  /** Under what an activity is noted in `calls`, if not its name. */
  readonly callOf?: ((call: NotedCall) => string) | undefined
}

/** What a test changes of a world. */
export interface OrderChanges<Work> {
  /** What the account has. */
  readonly credits?: () => number
  readonly change?: (
    world: OrderWorld<Work>,
    base: OrderActivities & Work,
  ) => Partial<OrderActivities & Work>
}

/** Money and records, kept as the database keeps them. */
const records = (
  world: OrderRecords,
  prices: OrderWork<unknown>['prices'],
  credits: () => number,
): OrderActivities => ({
  admitExecution: async () => {
    const open = Object.entries(prices).filter(([step]) => !world.done.has(step))
    const amountCredits = open.reduce((sum, [, price]) => sum + price, 0)
    if (credits() < amountCredits) {
      return { status: 'declined', neededCredits: amountCredits, availableCredits: credits() }
    }
    world.rounds.push({ held: amountCredits, captured: 0 })
    world.status = 'pending'
    return { status: 'held', amountCredits, done: [...world.done], outputs: { ...world.outputs } }
  },
  raiseHold: async () => ({ status: 'held', amountCredits: 0, done: [], outputs: {} }),
  completeExecution: async ({ outcome, branches }) => {
    world.status = outcome
    const made = branches.filter((branch) => branch.outcome === 'completed')
    const capturedCredits = made.reduce((sum, { step }) => sum + (prices[step] ?? 0), 0)
    world.rounds.at(-1)!.captured = capturedCredits
    world.results.splice(0, Infinity, ...branches)
    for (const branch of branches) {
      Object.assign(world.outputs, branch.outputs)
      if (['completed', 'skipped'].includes(branch.outcome)) world.done.add(branch.step)
    }
    return { capturedCredits }
  },
  abandonExecution: async ({ ending }) => {
    world.status = ending
    return { releasedCredits: world.rounds.at(-1)?.held ?? 0 }
  },
  notify: async () => ({ deliveryIds: [], mailWanted: false }),
  sendMail: async () => ({ messageId: 'm' }),
  sendAlert: async () => undefined,
})

/** Activities typed by the contract. `change` replaces single ones; each call is noted. */
export const orderWorld = <Work extends object>(
  { prices, work, callOf = ({ name }) => name }: OrderWork<Work>,
  { credits = () => 1_000, change }: OrderChanges<Work> = {},
): OrderWorld<Work> => {
  const noted: OrderRecords = {
    calls: [],
    rounds: [],
    done: new Set(['hold credits']),
    outputs: {},
    results: [],
    status: 'none',
  }
  const base = { ...work(noted), ...records(noted, prices, credits) }
  const world: OrderWorld<Work> = Object.assign(noted, { activities: base })
  const changed = { ...base, ...change?.(world, base) }
  const activities = telling(changed, {
    called: (call) => world.calls.push(callOf(call)),
    ended: (name, how) => {
      if (how === 'cancelled') world.calls.push(`${name} cancelled`)
    },
  })
  return Object.assign(noted, { activities })
}
