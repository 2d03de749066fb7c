/**
 * Ids and keys. Every id that leaves the process is made or built here, so that a name can be
 * followed from the HTTP answer to the Temporal Web UI to the database.
 */

export const ID_PREFIXES = {
  account: 'acct',
  apiKey: 'key',
  media: 'med',
  video: 'vid',
  execution: 'exec',
  task: 'task',
  event: 'evt',
  endpoint: 'wep',
  delivery: 'dlv',
  clip: 'clip',
} as const

export type IdKind = keyof typeof ID_PREFIXES

type Branded<K extends IdKind> = `${(typeof ID_PREFIXES)[K]}_${string}`
export type AccountId = Branded<'account'>
export type ApiKeyId = Branded<'apiKey'>
export type MediaId = Branded<'media'>
export type VideoId = Branded<'video'>
export type ExecutionId = Branded<'execution'>
export type TaskId = Branded<'task'>
export type EventId = Branded<'event'>
export type EndpointId = Branded<'endpoint'>
export type DeliveryId = Branded<'delivery'>
export type ClipId = Branded<'clip'>

/** The account under which Spool renders for itself. */
export const INTERNAL_ACCOUNT_ID: AccountId = 'acct_internal'

const SUFFIX = /^[0-9A-Za-z]{8,64}$/

/** An id of the given kind from a random (or derived) suffix of 8 to 64 letters and digits. */
export const makeId = <K extends IdKind>(kind: K, suffix: string): Branded<K> =>
  `${ID_PREFIXES[kind]}_${suffix}` as Branded<K>

/** Whether a string from outside is an id of the given kind. */
export const isId = <K extends IdKind>(kind: K, value: string): value is Branded<K> => {
  const prefix = `${ID_PREFIXES[kind]}_`
  return value.startsWith(prefix) && SUFFIX.test(value.slice(prefix.length))
}

/** One render at a time of each video: the workflow id is the video's. */
export const renderWorkflowId = (videoId: string): string => `render-${videoId}`

export const taskWorkflowId = (taskId: string): string => `task-${taskId}`

export const deliveryWorkflowId = (deliveryId: string): string => `delivery-${deliveryId}`

/** One workflow per order of the pipelines whose orders do not supersede each other. */
export const pipelineWorkflowId = (pipeline: string, executionId: string): string =>
  `${pipeline}-${executionId}`

/** An order has far fewer than a hundred. */
const CLIP_DIGITS = 2

/** A clip by the order that made it and its number there, from 1: the same through all its versions. */
export const clipId = (executionId: ExecutionId, number: number): ClipId => {
  const suffix = executionId.slice(executionId.indexOf('_') + 1)
  return makeId('clip', `${suffix}${String(number).padStart(CLIP_DIGITS, '0')}`)
}

/** The order that made a clip, and its number there; of an id that is nobody's, an order that is not there. */
export const originOfClip = (
  id: ClipId,
): { readonly executionId: ExecutionId; readonly number: number } => {
  const suffix = id.slice(id.indexOf('_') + 1)
  return {
    executionId: makeId('execution', suffix.slice(0, -CLIP_DIGITS)),
    number: Number(suffix.slice(-CLIP_DIGITS)),
  }
}

/** The hold of an execution or task: keyed by what it pays for, so a repeated call finds it. A retry
 * (from 1) has a hold of its own, for what remained to be done. */
export const holdId = (orderId: string, retry = 0): string =>
  retry === 0 ? `${orderId}:hold` : `${orderId}:retry-${retry}:hold`

/** The hold of what an order turned out to cost beyond its first hold, once its source was measured. */
export const measuredHoldId = (executionId: string, retry: number): string =>
  holdId(`${executionId}:measured`, retry)

/** Every hold that an execution with so many retries can have, in the order in which they are taken. */
export const holdIdsOf = (executionId: string, retries: number): readonly string[] =>
  Array.from({ length: retries + 1 }, (_, retry) => [
    holdId(executionId, retry),
    measuredHoldId(executionId, retry),
  ]).flat()

/** The execution or task that a hold pays for. */
export const orderOfHold = (id: string): string => id.split(':', 1)[0]!

/**
 * The key under which a remote job is ordered. It names the order and the step, never the attempt
 * of an activity, so a retried submission finds the job of the first one; `round` counts the
 * deliberate new orders (the next renderer, a retry after a stall).
 */
export const remoteJobKey = (executionId: string, step: string, round: number): string =>
  // Header values have no spaces, the names of steps do.
  `${executionId}:${step.replaceAll(' ', '-')}:${round}`
