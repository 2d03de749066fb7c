import { and, desc, eq, isNull, type InferSelectModel } from 'drizzle-orm'
import type { AccountId, ApiKeyId } from '../../domain/ids.ts'
import type { Database } from '../database.ts'
import { withDatabaseFailures } from '../failures.ts'
import { accounts, apiKeys } from '../schema/index.ts'
import type { Account } from './accounts.ts'
import type { RepositoryOptions } from './page.ts'

/** A key as its owner may see it again: never the key, nor its hash. */
export type ApiKey = Omit<InferSelectModel<typeof apiKeys>, 'keyHash'>

export interface NewApiKey {
  readonly id: ApiKeyId
  readonly accountId: AccountId
  readonly name: string
  readonly keyHash: string
  readonly keyStart: string
}

const VISIBLE = {
  id: apiKeys.id,
  accountId: apiKeys.accountId,
  name: apiKeys.name,
  keyStart: apiKeys.keyStart,
  createdAt: apiKeys.createdAt,
  revokedAt: apiKeys.revokedAt,
}

export const createApiKeysRepository = (
  database: Database,
  { clock = () => new Date() }: RepositoryOptions = {},
) =>
  withDatabaseFailures({
    /** *Idempotent* by id. */
    insert: async (key: NewApiKey): Promise<void> => {
      await database.insert(apiKeys).values(key).onConflictDoNothing({ target: apiKeys.id })
    },

    /** Whose key this is; null for a key that is unknown or revoked. One query: every request asks. */
    findAccountByKeyHash: async (
      keyHash: string,
    ): Promise<{ readonly account: Account; readonly keyId: ApiKeyId } | null> => {
      const [found] = await database
        .select({ account: accounts, keyId: apiKeys.id })
        .from(apiKeys)
        .innerJoin(accounts, eq(accounts.id, apiKeys.accountId))
        .where(and(eq(apiKeys.keyHash, keyHash), isNull(apiKeys.revokedAt)))
      return found ?? null
    },

    /** Whose key this is, by its id; null for one that is unknown or revoked. */
    findAccountByKeyId: async (keyId: ApiKeyId): Promise<Account | null> => {
      const [found] = await database
        .select({ account: accounts })
        .from(apiKeys)
        .innerJoin(accounts, eq(accounts.id, apiKeys.accountId))
        .where(and(eq(apiKeys.id, keyId), isNull(apiKeys.revokedAt)))
      return found?.account ?? null
    },

    /** False when the account has no such key; a revoked key stays revoked since the first time. */
    revoke: async (accountId: AccountId, keyId: ApiKeyId): Promise<boolean> => {
      const own = and(eq(apiKeys.accountId, accountId), eq(apiKeys.id, keyId))
      await database
        .update(apiKeys)
        .set({ revokedAt: clock() })
        .where(and(own, isNull(apiKeys.revokedAt)))
      return (await database.$count(apiKeys, own)) > 0
    },

    list: (accountId: AccountId): Promise<readonly ApiKey[]> =>
      database
        .select(VISIBLE)
        .from(apiKeys)
        .where(eq(apiKeys.accountId, accountId))
        .orderBy(desc(apiKeys.createdAt), desc(apiKeys.id)),
  })

export type ApiKeysRepository = ReturnType<typeof createApiKeysRepository>
