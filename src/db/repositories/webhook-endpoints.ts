import { and, desc, eq, isNull, sql, type InferSelectModel } from 'drizzle-orm'
import type { AccountId, EndpointId } from '../../domain/ids.ts'
import type { Database } from '../database.ts'
import { withDatabaseFailures } from '../failures.ts'
import { accounts, webhookEndpoints } from '../schema/index.ts'
import type { RepositoryOptions } from './page.ts'

export type WebhookEndpoint = InferSelectModel<typeof webhookEndpoints>

/** Of one account. Each event is delivered to all of them, by the workflow that tells of it. */
export const ENDPOINT_COUNT_MAX = 20

export interface NewWebhookEndpoint {
  readonly id: EndpointId
  readonly accountId: AccountId
  readonly url: string
  readonly secret: string
  /** Event types it wants; empty: all of them. */
  readonly topics: readonly string[]
}

export interface WebhookEndpointChange {
  readonly url?: string | undefined
  readonly topics?: readonly string[] | undefined
  /** True also forgets why it was disabled. */
  readonly enabled?: boolean | undefined
}

/** Where accounts want to be told of events. A deleted endpoint stays as a row, because its
 * deliveries are still listed, but nothing here finds it. */
export const createWebhookEndpointsRepository = (
  database: Database,
  { clock = () => new Date() }: RepositoryOptions = {},
) => {
  const ofAccount = (accountId: AccountId) =>
    and(eq(webhookEndpoints.accountId, accountId), isNull(webhookEndpoints.deletedAt))
  const own = (accountId: AccountId, id: EndpointId) =>
    and(eq(webhookEndpoints.id, id), ofAccount(accountId))

  const find = async (accountId: AccountId, id: EndpointId): Promise<WebhookEndpoint | null> => {
    const [endpoint] = await database.select().from(webhookEndpoints).where(own(accountId, id))
    return endpoint ?? null
  }

  const update = async (
    accountId: AccountId,
    id: EndpointId,
    change: WebhookEndpointChange,
  ): Promise<WebhookEndpoint | null> => {
    const { url, topics, enabled } = change
    const switched =
      enabled === undefined
        ? {}
        : enabled
          ? { disabledAt: null, disabledReason: null }
          : { disabledAt: clock(), disabledReason: 'disabled by its owner' }
    const values = {
      ...(url === undefined ? {} : { url }),
      ...(topics === undefined ? {} : { topics: [...topics] }),
      ...switched,
    }
    if (Object.keys(values).length === 0) return find(accountId, id)
    const [updated] = await database
      .update(webhookEndpoints)
      .set(values)
      .where(own(accountId, id))
      .returning()
    return updated ?? null
  }

  return withDatabaseFailures({
    find,
    /** Null when the account has no such endpoint. */
    update,

    /** Null when the account has `ENDPOINT_COUNT_MAX` of them already. *Idempotent* by id. */
    create: (endpoint: NewWebhookEndpoint): Promise<WebhookEndpoint | null> =>
      database.transaction(async (tx) => {
        const { id, accountId, topics } = endpoint
        // Rivals take turns by this lock; otherwise each of them could be the last that fits.
        await tx
          .select({ id: accounts.id })
          .from(accounts)
          .where(eq(accounts.id, accountId))
          .for('no key update')
        const [stored] = await tx.select().from(webhookEndpoints).where(own(accountId, id))
        if (stored !== undefined) return stored
        const count = await tx.$count(webhookEndpoints, ofAccount(accountId))
        if (count >= ENDPOINT_COUNT_MAX) return null
        const [created] = await tx
          .insert(webhookEndpoints)
          .values({ ...endpoint, topics: [...topics] })
          .returning()
        return created!
      }),

    list: (accountId: AccountId): Promise<readonly WebhookEndpoint[]> =>
      database
        .select()
        .from(webhookEndpoints)
        .where(ofAccount(accountId))
        .orderBy(desc(webhookEndpoints.createdAt), desc(webhookEndpoints.id)),

    /** Stops deliveries, when the endpoint itself asks for it (410). The first reason stays. */
    disable: async (id: EndpointId, reason: string): Promise<void> => {
      await database
        .update(webhookEndpoints)
        .set({ disabledAt: clock(), disabledReason: reason })
        .where(and(eq(webhookEndpoints.id, id), isNull(webhookEndpoints.disabledAt)))
    },

    /** False when the account has no such endpoint. Its open deliveries are not made any more. */
    delete: async (accountId: AccountId, id: EndpointId): Promise<boolean> => {
      const now = clock()
      const deleted = await database
        .update(webhookEndpoints)
        .set({
          deletedAt: now,
          disabledAt: sql`coalesce(${webhookEndpoints.disabledAt}, ${now})`,
        })
        .where(own(accountId, id))
        .returning({ id: webhookEndpoints.id })
      return deleted.length > 0
    },
  })
}

export type WebhookEndpointsRepository = ReturnType<typeof createWebhookEndpointsRepository>
