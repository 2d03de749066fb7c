import { eq, type InferSelectModel } from 'drizzle-orm'
import type { AccountId, ApiKeyId } from '../../domain/ids.ts'
import type { Plan } from '../../domain/plans.ts'
import type { Database } from '../database.ts'
import { withDatabaseFailures } from '../failures.ts'
import { accounts, apiKeys, creditAccounts } from '../schema/index.ts'

export type Account = InferSelectModel<typeof accounts>

export interface NewAccount {
  readonly id: AccountId
  readonly name: string
  readonly plan: Plan
  readonly email: string | null
  readonly webhookSecret: string
}

/** The account under which Spool renders for itself, with its one key. */
export interface InternalAccount {
  readonly id: AccountId
  readonly webhookSecret: string
  readonly keyId: ApiKeyId
  readonly keyHash: string
  readonly keyStart: string
}

/** Customers. Every account has a row of credits from the start. */
export const createAccountsRepository = (database: Database) => {
  const find = async (id: AccountId): Promise<Account | null> => {
    const [account] = await database.select().from(accounts).where(eq(accounts.id, id))
    return account ?? null
  }

  return withDatabaseFailures({
    find,

    /** Creates the account with no credits. *Idempotent* by id: the stored account is returned. */
    create: (account: NewAccount): Promise<Account> =>
      database.transaction(async (tx) => {
        await tx.insert(accounts).values(account).onConflictDoNothing()
        await tx.insert(creditAccounts).values({ accountId: account.id }).onConflictDoNothing()
        const [stored] = await tx.select().from(accounts).where(eq(accounts.id, account.id))
        return stored!
      }),

    /** Brings the internal account to the present secrets; called at every boot, by any number of
     * processes at once. */
    upsertInternal: (internal: InternalAccount): Promise<void> =>
      database.transaction(async (tx) => {
        const { id, webhookSecret, keyId, keyHash, keyStart } = internal
        await tx
          .insert(accounts)
          .values({ id, name: 'Spool', plan: 'internal', webhookSecret })
          .onConflictDoUpdate({ target: accounts.id, set: { webhookSecret, plan: 'internal' } })
        await tx.insert(creditAccounts).values({ accountId: id }).onConflictDoNothing()
        await tx
          .insert(apiKeys)
          .values({ id: keyId, accountId: id, name: 'internal renders', keyHash, keyStart })
          .onConflictDoUpdate({ target: apiKeys.id, set: { keyHash, keyStart, revokedAt: null } })
      }),
  })
}

export type AccountsRepository = ReturnType<typeof createAccountsRepository>
