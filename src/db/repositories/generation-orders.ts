import { and, eq, inArray, isNull, ne, or } from 'drizzle-orm'
import { MediaError } from '../../domain/failures.ts'
import type { ExecutionId } from '../../domain/ids.ts'
import type { KeptAnswer, ModelOrderHandle } from '../../domain/generation/model-order.ts'
import type { ModelChoice } from '../../domain/generation/plan.ts'
import type { Database } from '../database.ts'
import { generationJobs } from '../schema/index.ts'

export interface JobRef {
  readonly executionId: ExecutionId
  readonly jobId: string
}

/** One paid order of a job. */
export interface OrderRef extends JobRef {
  readonly reference: string
}

type Row = typeof generationJobs.$inferSelect

/** `new`: it was never sent, or surely never taken. Otherwise `job` tells how far it came. */
export interface BegunOrder {
  readonly isNew: boolean
  readonly job: Row
}

export const ofJob = ({ executionId, jobId }: JobRef) =>
  and(eq(generationJobs.executionId, executionId), eq(generationJobs.jobId, jobId))

export const ofJobs = (executionId: ExecutionId, jobIds: readonly string[]) =>
  and(eq(generationJobs.executionId, executionId), inArray(generationJobs.jobId, [...jobIds]))

const ofOrder = (order: OrderRef) =>
  and(ofJob(order), eq(generationJobs.reference, order.reference))

/** The paid orders of model jobs. Each is written down before it is sent, so that nobody who comes
 * later sends it again without having looked for it. */
export const createGenerationOrders = ({
  database,
  clock,
}: {
  readonly database: Database
  readonly clock: () => Date
}) => ({
  /** Notes that an order is about to be sent. *Idempotent:* one that was noted is answered as it is.
   * *Errors:* NOT_FOUND. */
  beginOrder: async (order: OrderRef & ModelChoice): Promise<BegunOrder> => {
    const { reference, model, provider } = order
    const [begun] = await database
      .update(generationJobs)
      .set({
        reference,
        model,
        provider,
        orderState: 'submitting',
        handle: null,
        answer: null,
        submittedAt: clock(),
      })
      .where(
        and(
          ofJob(order),
          or(
            isNull(generationJobs.reference),
            ne(generationJobs.reference, reference),
            isNull(generationJobs.orderState),
          ),
        ),
      )
      .returning()
    if (begun !== undefined) return { isNew: true, job: begun }
    const [job] = await database.select().from(generationJobs).where(ofJob(order))
    if (job === undefined) throw new MediaError('NOT_FOUND', `no job ${order.jobId}`)
    return { isNew: false, job }
  },

  /** The provider has the order, under this handle. */
  noteAccepted: async (order: OrderRef & { readonly handle: ModelOrderHandle }): Promise<void> => {
    const { handle } = order
    await database
      .update(generationJobs)
      .set({ orderState: 'accepted', handle })
      .where(ofOrder(order))
  },

  /** The order's answer is kept. */
  noteAnswered: async (order: OrderRef & { readonly answer: KeptAnswer }): Promise<void> => {
    const { answer } = order
    await database
      .update(generationJobs)
      .set({ orderState: 'answered', answer })
      .where(ofOrder(order))
  },

  /** The order was surely not taken: it may be sent again under the same name. */
  forgetOrder: async (order: OrderRef): Promise<void> => {
    await database
      .update(generationJobs)
      .set({ orderState: null })
      .where(and(ofOrder(order), eq(generationJobs.orderState, 'submitting')))
  },
})
