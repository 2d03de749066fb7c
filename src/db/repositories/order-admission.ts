import { and, eq, inArray } from 'drizzle-orm'
import type { PipelineAdmission, PipelineOrder } from '../../contracts/orders.ts'
import { MediaError } from '../../domain/failures.ts'
import { holdId, measuredHoldId } from '../../domain/ids.ts'
import { isExecutionOver, isStepDone, mayBeRetried } from '../../domain/statuses.ts'
import { runsEveryRound } from '../../domain/steps.ts'
import type { Database, Transaction } from '../database.ts'
import { ONE_RECUT } from '../schema/executions.ts'
import { executions, executionSteps } from '../schema/index.ts'
import { insertExecution } from './execution-admission.ts'
import { appendEvents } from './execution-events.ts'
import { creditsToExpand } from './generation-expansions.ts'
import type { LedgerRepository } from './ledger.ts'

/** A step with its part of the price. */
export interface PricedStep {
  readonly name: string
  readonly priceCredits: number
}

export interface OrderAdmissionRequest {
  readonly order: PipelineOrder
  readonly workflowId: string
  /** In order. A retry has the steps of the first order, and its prices; what is left of an order from a
   * URL is priced anew, by the source as it is known by then. */
  readonly steps: readonly PricedStep[]
  readonly holdExpiresAt: Date
}

interface AdmissionParts {
  readonly database: Database
  readonly ledger: LedgerRepository
  readonly clock: () => Date
}

type Execution = typeof executions.$inferSelect

const find = async (tx: Transaction, id: PipelineOrder['executionId']) => {
  const [found] = await tx.select().from(executions).where(eq(executions.id, id)).for('update')
  return found ?? null
}

const stepsOf = (tx: Transaction, { id }: Pick<Execution, 'id'>) =>
  tx.select().from(executionSteps).where(eq(executionSteps.executionId, id))

/** What is held for steps that are left. */
const creditsFor = async (
  tx: Transaction,
  { id, pipeline }: Execution,
  open: readonly PricedStep[],
): Promise<number> => {
  if (pipeline !== 'generate') return sumOf(open)
  const growing = await creditsToExpand(tx, id)
  return open.reduce(
    (sum, { name, priceCredits }) => sum + Math.max(priceCredits, growing.get(name) ?? 0),
    0,
  )
}

/** What an admitted order is, as it is answered again to whoever repeats it. */
const held = async (tx: Transaction, execution: Execution): Promise<PipelineAdmission> => {
  const steps = await stepsOf(tx, execution)
  const open = steps.filter(({ status }) => !isStepDone(status))
  return {
    status: 'held',
    amountCredits: await creditsFor(tx, execution, open),
    done: steps.filter(({ status }) => isStepDone(status)).map(({ name }) => name),
    outputs: execution.outputKeys,
  }
}

/** Sets credits of an order aside; null when that is granted, or there is nothing to pay. */
const takeHold = async (
  tx: Transaction,
  { order, workflowId, holdExpiresAt }: Omit<OrderAdmissionRequest, 'steps'>,
  { id, amountCredits }: { readonly id: string; readonly amountCredits: number },
  ledger: LedgerRepository,
): Promise<PipelineAdmission | null> => {
  if (amountCredits <= 0) return null
  const { accountId } = order
  const hold = await ledger.hold(
    { id, accountId, amountCredits, workflowId, expiresAt: holdExpiresAt },
    tx,
  )
  if (hold.state !== 'declined') return null
  const { availableCredits } = hold
  return { status: 'declined', neededCredits: amountCredits, availableCredits }
}

/** The hold of this round, by the order's name. */
const ofRound = ({ order }: OrderAdmissionRequest, amountCredits: number) => ({
  id: holdId(order.executionId, order.round),
  amountCredits,
})

const sumOf = (steps: readonly { readonly priceCredits: number }[]): number =>
  steps.reduce((sum, { priceCredits }) => sum + priceCredits, 0)

const admitFirst = async (
  tx: Transaction,
  request: OrderAdmissionRequest,
  { ledger, clock }: AdmissionParts,
): Promise<PipelineAdmission> => {
  const { order, workflowId, steps } = request
  const declined = await takeHold(tx, request, ofRound(request, sumOf(steps)), ledger)
  if (declined !== null) return declined
  const { executionId: id, accountId, pipeline, subjectId, input } = order
  const row = { id, accountId, pipeline, subjectId, workflowId, input }
  await insertExecution(tx, { row, steps, now: clock() })
  const inserted = await find(tx, id)
  return await held(tx, inserted!)
}

type Step = typeof executionSteps.$inferSelect

const openSteps = async (tx: Transaction, execution: Execution): Promise<readonly Step[]> =>
  (await stepsOf(tx, execution)).filter(({ status }) => !isStepDone(status))

/** Steps at the prices of a request, where it names them. */
const atPricesOf = (
  { steps }: OrderAdmissionRequest,
  open: readonly PricedStep[],
): readonly PricedStep[] => {
  const prices = new Map(steps.map(({ name, priceCredits }) => [name, priceCredits]))
  return open.map(({ name, priceCredits }) => ({
    name,
    priceCredits: prices.get(name) ?? priceCredits,
  }))
}

const writePrices = async (
  tx: Transaction,
  { id }: Execution,
  steps: readonly PricedStep[],
): Promise<void> => {
  for (const { name, priceCredits } of steps) {
    await tx
      .update(executionSteps)
      .set({ priceCredits })
      .where(and(eq(executionSteps.executionId, id), eq(executionSteps.name, name)))
  }
}

/** Opens what was not done for another round. */
const reopen = async (tx: Transaction, execution: Execution): Promise<void> => {
  const { id } = execution
  const steps = await stepsOf(tx, execution)
  const names = steps
    .filter(({ name, status }) => !isStepDone(status) || runsEveryRound(name))
    .map(({ name }) => name)
  const untouched = { status: 'pending' as const, error: null, progress: null, finishedAt: null }
  await tx
    .update(executionSteps)
    .set(untouched)
    .where(and(eq(executionSteps.executionId, id), inArray(executionSteps.name, names)))
  await tx
    .update(executions)
    .set({ status: 'pending', error: null, finishedAt: null })
    .where(eq(executions.id, id))
  await appendEvents(tx, id, [
    { type: 'execution.status', data: { status: 'pending', error: null } },
  ])
}

const admitRetry = async (
  tx: Transaction,
  request: OrderAdmissionRequest,
  execution: Execution,
  { ledger }: AdmissionParts,
): Promise<PipelineAdmission> => {
  const { round: retry } = request.order
  if (retry <= execution.retries) {
    // A repetition: the hold says how it ended the first time.
    const hold = await ledger.holdOf(holdId(execution.id, retry), tx)
    if (hold?.state !== 'declined' && isExecutionOver(execution.status)) throw ended(execution)
    if (hold?.state !== 'declined') return await held(tx, execution)
    const { available: availableCredits } = await ledger.balance(execution.accountId, tx)
    return { status: 'declined', neededCredits: hold.amountCredits, availableCredits }
  }
  if (!mayBeRetried(execution.status) || retry !== execution.retries + 1) throw ended(execution)

  const stored = await openSteps(tx, execution)
  // What came from a URL may have been measured in a round that could not pay for its length.
  const isMeasuredLater = execution.input['sealedUrl'] !== undefined
  const open = isMeasuredLater ? atPricesOf(request, stored) : stored
  const amountCredits = await creditsFor(tx, execution, open)
  const declined = await takeHold(tx, request, ofRound(request, amountCredits), ledger)
  // Counted though it be declined: the next retry needs a hold of its own.
  await tx.update(executions).set({ retries: retry }).where(eq(executions.id, execution.id))
  if (declined !== null) return declined
  if (isMeasuredLater) await writePrices(tx, execution, open)
  await reopen(tx, execution)
  return await held(tx, execution)
}

const ended = ({ id, status, retries }: Execution): MediaError =>
  new MediaError('CONFLICT', `execution ${id} is ${status} after ${retries} retries`)

const admit = async (
  tx: Transaction,
  request: OrderAdmissionRequest,
  parts: AdmissionParts,
): Promise<PipelineAdmission> => {
  const { executionId, round } = request.order
  const earlier = await find(tx, executionId)
  if (round > 0) {
    if (earlier === null) throw new MediaError('NOT_FOUND', `no execution ${executionId}`)
    return await admitRetry(tx, request, earlier, parts)
  }
  if (earlier === null) return await admitFirst(tx, request, parts)
  if (isExecutionOver(earlier.status)) throw ended(earlier)
  return await held(tx, earlier)
}

/** Whether an order was refused by the index that lets one change of a clip be in work. */
const isSecondRecut = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  return ('constraint' in error && error.constraint === ONE_RECUT) || isSecondRecut(error.cause)
}

const raise = async (
  tx: Transaction,
  request: OrderAdmissionRequest,
  { ledger }: AdmissionParts,
): Promise<PipelineAdmission> => {
  const { executionId, round } = request.order
  const execution = await find(tx, executionId)
  if (execution === null || isExecutionOver(execution.status)) {
    throw new MediaError('CONFLICT', `execution ${executionId} is not in work`)
  }
  const open = atPricesOf(request, await openSteps(tx, execution))
  const first = await ledger.holdOf(holdId(executionId, round), tx)
  const beyond = {
    id: measuredHoldId(executionId, round),
    amountCredits: sumOf(open) - (first?.amountCredits ?? 0),
  }
  const declined = await takeHold(tx, request, beyond, ledger)
  if (declined !== null) return declined
  await writePrices(tx, execution, open)
  return await held(tx, execution)
}

/**
 * Admits orders of pipelines that do not supersede each other, each in one transaction: the hold,
 * and the execution with its steps; or, for a retry, a new hold for what is not done yet, and these
 * steps opened again. If the credits do not suffice, nothing of that happens but that the refusal is
 * kept. *Idempotent* per execution id and retry. *Errors:* CONFLICT when the order is over already or
 * there is nothing to retry; CLIP_IN_WORK while another change of the clip is; NOT_FOUND for a retry of
 * nothing; HOLD_CONFLICT.
 */
export const createOrderAdmission = (parts: AdmissionParts) => ({
  admitOrder: async (request: OrderAdmissionRequest): Promise<PipelineAdmission> => {
    try {
      return await parts.database.transaction((tx) => admit(tx, request, parts))
    } catch (error) {
      if (!isSecondRecut(error)) throw error
      throw new MediaError('CLIP_IN_WORK', request.order.subjectId, { cause: error })
    }
  },

  /** Sets the prices of the steps that are left, once the source is known, and holds what they cost
   * beyond the first hold. Less is not given back now but when the order is settled. *Idempotent.* */
  raiseHold: (request: OrderAdmissionRequest): Promise<PipelineAdmission> =>
    parts.database.transaction((tx) => raise(tx, request, parts)),
})
