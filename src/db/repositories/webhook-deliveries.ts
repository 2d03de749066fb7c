import { createHash } from 'node:crypto'
import { and, asc, eq, isNull, lt, ne, sql, type InferSelectModel } from 'drizzle-orm'
import {
  makeId,
  type AccountId,
  type DeliveryId,
  type EndpointId,
  type EventId,
} from '../../domain/ids.ts'
import type { DeliveryStatus } from '../../domain/statuses.ts'
import type { Database, Queryable } from '../database.ts'
import { withDatabaseFailures } from '../failures.ts'
import { accounts, webhookDeliveries, webhookEndpoints } from '../schema/index.ts'
import {
  afterCursor,
  newestFirst,
  pageOf,
  type Page,
  type PageRequest,
  type RepositoryOptions,
} from './page.ts'

export type WebhookDelivery = InferSelectModel<typeof webhookDeliveries>

/** A delivery with what is needed to make it. */
export interface DeliveryTarget {
  readonly delivery: WebhookDelivery
  /** `whsec_…` of the endpoint, or of the account for a task's own address. */
  readonly secret: string
  /** The endpoint was disabled or deleted since: the delivery is not to be made. */
  readonly disabled: boolean
}

export interface NewEvent {
  readonly accountId: AccountId
  readonly eventId: EventId
  readonly type: string
  /** The body that is sent, the same to everybody. */
  readonly payload: Readonly<Record<string, unknown>>
  /** The `webhook_url` of a task: it gets the event whatever the endpoints want. */
  readonly taskUrl?: string | undefined
  /** What it tells of has only now happened: nobody can have recorded it. */
  readonly isNew?: boolean
}

/** An event that only the address is told which its order has given. */
export interface OwnEvent extends Omit<NewEvent, 'taskUrl'> {
  readonly url: string
  /** Sealed; the body is signed with it as well. */
  readonly sealedSecret: string | null
}

export interface DeliveryAttempt {
  readonly deliveryId: DeliveryId
  /** Null: there was no answer. */
  readonly responseStatus: number | null
  /** The first kilobyte of the answer. */
  readonly responseSnippet: string | null
  readonly durationMs: number
  /** `pending`: there will be another attempt. */
  readonly status: DeliveryStatus
}

/** One delivery per event and receiver, whoever records the event and how often. */
const deliveryIdOf = (eventId: EventId, receiver: string): DeliveryId => {
  const digest = createHash('sha256').update(`${eventId}\n${receiver}`).digest('hex')
  return makeId('delivery', digest.slice(0, 24))
}

const createEventRecorder = (database: Database) => {
  const recorded = async (event: NewEvent, within: Queryable): Promise<DeliveryId[]> => {
    const rows = await within
      .select({ id: webhookDeliveries.id })
      .from(webhookDeliveries)
      .where(
        and(
          eq(webhookDeliveries.eventId, event.eventId),
          eq(webhookDeliveries.accountId, event.accountId),
        ),
      )
      .orderBy(asc(webhookDeliveries.id))
    return rows.map(({ id }) => id)
  }

  const receivers = async (event: NewEvent, within: Queryable) => {
    const endpoints = await within
      .select({ endpointId: webhookEndpoints.id, url: webhookEndpoints.url })
      .from(webhookEndpoints)
      .where(
        and(
          eq(webhookEndpoints.accountId, event.accountId),
          isNull(webhookEndpoints.disabledAt),
          sql`(cardinality(${webhookEndpoints.topics}) = 0 OR ${event.type} = ANY(${webhookEndpoints.topics}))`,
        ),
      )
    return event.taskUrl === undefined
      ? endpoints
      : [...endpoints, { endpointId: null, url: event.taskUrl }]
  }

  /** Makes one delivery per enabled endpoint that wants the event, and one for `taskUrl`; answers
   * their ids. *Idempotent* per event id: later calls answer the first one's deliveries. */
  return async (event: NewEvent, within: Queryable = database): Promise<readonly DeliveryId[]> => {
    const earlier = event.isNew === true ? [] : await recorded(event, within)
    if (earlier.length > 0) return earlier
    const rows = (await receivers(event, within)).map(({ endpointId, url }) => ({
      id: deliveryIdOf(event.eventId, endpointId ?? 'task'),
      accountId: event.accountId,
      eventId: event.eventId,
      endpointId,
      url,
      eventType: event.type,
      payload: event.payload,
    }))
    if (rows.length === 0) return []
    const made = await within
      .insert(webhookDeliveries)
      .values(rows)
      .onConflictDoNothing()
      .returning({ id: webhookDeliveries.id })
    if (made.length < rows.length) return recorded(event, within)
    return made.map(({ id }) => id).toSorted()
  }
}

/** The log of outgoing webhooks, and what is still to be sent. */
export const createWebhookDeliveriesRepository = (
  database: Database,
  { clock = () => new Date() }: RepositoryOptions = {},
) => {
  const own = (accountId: AccountId, id: DeliveryId) =>
    and(eq(webhookDeliveries.id, id), eq(webhookDeliveries.accountId, accountId))

  return withDatabaseFailures({
    recordEvent: createEventRecorder(database),

    /** Makes the one delivery of an event to the address that its order has given; answers its id.
     * *Idempotent* per event id. */
    recordOwnEvent: async (event: OwnEvent): Promise<DeliveryId> => {
      const { accountId, eventId, type: eventType, payload, url, sealedSecret } = event
      const id = deliveryIdOf(eventId, 'own')
      await database
        .insert(webhookDeliveries)
        .values({ id, accountId, eventId, url, sealedSecret, eventType, payload })
        .onConflictDoNothing()
      return id
    },

    find: async (accountId: AccountId, id: DeliveryId): Promise<WebhookDelivery | null> => {
      const [found] = await database.select().from(webhookDeliveries).where(own(accountId, id))
      return found ?? null
    },

    findTarget: async (id: DeliveryId): Promise<DeliveryTarget | null> => {
      const [found] = await database
        .select({
          delivery: webhookDeliveries,
          accountSecret: accounts.webhookSecret,
          endpointSecret: webhookEndpoints.secret,
          disabledAt: webhookEndpoints.disabledAt,
        })
        .from(webhookDeliveries)
        .innerJoin(accounts, eq(accounts.id, webhookDeliveries.accountId))
        .leftJoin(webhookEndpoints, eq(webhookEndpoints.id, webhookDeliveries.endpointId))
        .where(eq(webhookDeliveries.id, id))
      if (found === undefined) return null
      const { delivery, accountSecret, endpointSecret, disabledAt } = found
      return { delivery, secret: endpointSecret ?? accountSecret, disabled: disabledAt !== null }
    },

    list: async (
      input: PageRequest & {
        accountId: AccountId
        endpointId?: EndpointId | undefined
        status?: DeliveryStatus | undefined
      },
    ): Promise<Page<WebhookDelivery>> => {
      const { accountId, endpointId, status, limit, cursor } = input
      const rows = await database
        .select()
        .from(webhookDeliveries)
        .where(
          and(
            eq(webhookDeliveries.accountId, accountId),
            endpointId === undefined ? undefined : eq(webhookDeliveries.endpointId, endpointId),
            status === undefined ? undefined : eq(webhookDeliveries.status, status),
            afterCursor(webhookDeliveries, cursor),
          ),
        )
        .orderBy(...newestFirst(webhookDeliveries))
        .limit(limit + 1)
      return pageOf(rows, limit)
    },

    /** Writes down one attempt; false when the delivery has ended already. */
    recordAttempt: async (attempt: DeliveryAttempt): Promise<boolean> => {
      const { deliveryId, responseStatus, responseSnippet, durationMs, status } = attempt
      const written = await database
        .update(webhookDeliveries)
        .set({
          responseStatus,
          responseSnippet,
          durationMs,
          status,
          attempts: sql`${webhookDeliveries.attempts} + 1`,
          lastAttemptAt: clock(),
        })
        .where(and(eq(webhookDeliveries.id, deliveryId), eq(webhookDeliveries.status, 'pending')))
        .returning({ id: webhookDeliveries.id })
      return written.length > 0
    },

    /** Ends a delivery that nobody will take; one that has ended stays as it is. */
    giveUp: async (id: DeliveryId): Promise<void> => {
      await database
        .update(webhookDeliveries)
        .set({ status: 'failed' })
        .where(and(eq(webhookDeliveries.id, id), eq(webhookDeliveries.status, 'pending')))
    },

    /** Forgets deliveries that ended, and whose event was recorded, before the given time; how many. */
    prune: async (before: Date): Promise<number> => {
      const { rowCount } = await database
        .delete(webhookDeliveries)
        .where(
          and(lt(webhookDeliveries.createdAt, before), ne(webhookDeliveries.status, 'pending')),
        )
      return rowCount ?? 0
    },

    /** Makes an ended delivery pending again, so that it can be repeated with the same event id;
     * attempts are counted on. Null when the account has no such delivery. */
    reopen: async (accountId: AccountId, id: DeliveryId): Promise<WebhookDelivery | null> => {
      const [reopened] = await database
        .update(webhookDeliveries)
        .set({ status: 'pending' })
        .where(own(accountId, id))
        .returning()
      return reopened ?? null
    },
  })
}

export type WebhookDeliveriesRepository = ReturnType<typeof createWebhookDeliveriesRepository>
