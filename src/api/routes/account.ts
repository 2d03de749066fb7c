import { account, ledgerPage } from '../../contracts/http/account.ts'
import { pageQuery } from '../../contracts/http/fields.ts'
import type { LedgerEntry } from '../../db/repositories/ledger.ts'
import { MediaError } from '../../domain/failures.ts'
import { accountOf } from '../plugins/authentication.ts'
import { problems, type Api, type RouteContext } from './route-context.ts'

/** Holds are named `<order>:hold`. */
const orderOf = (holdId: string | null): string | null => holdId?.split(':', 1)[0] ?? null

const presentEntry = (entry: LedgerEntry) => ({
  id: entry.transactionId,
  kind: entry.kind,
  amountCredits: entry.amountCredits,
  executionId: orderOf(entry.holdId),
  note: entry.note,
  createdAt: entry.createdAt.toISOString(),
})

/** Serials do not leave the process bare: a cursor is to be handed back, not to be read. */
const cursorOf = (entry: LedgerEntry): string =>
  Buffer.from(`ledger:${entry.sequence}`).toString('base64url')

const sequenceOf = (cursor: string): number => {
  const sequence = /^ledger:(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1]
  if (sequence !== undefined) return Number(sequence)
  throw new MediaError('INPUT_INVALID', 'unreadable cursor', {
    problems: [
      { path: 'cursor', message: 'is no cursor of ours', fix: 'Send nextCursor as it came.' },
    ],
  })
}

/** The account that the key belongs to, and its money. */
export const accountRoutes = async (app: Api, { repositories }: RouteContext): Promise<void> => {
  app.route({
    method: 'GET',
    url: '/account',
    schema: {
      summary: 'The account of this key',
      tags: ['account'],
      response: { 200: account, ...problems(401) },
    },
    handler: async (request) => {
      const { id, name, plan, webhookSecret, createdAt } = accountOf(request)
      const { available, held } = await repositories.ledger.balance(id)
      const credits = { available, held }
      return { id, name, plan, credits, webhookSecret, createdAt: createdAt.toISOString() }
    },
  })

  app.route({
    method: 'GET',
    url: '/account/ledger',
    schema: {
      summary: 'What was received and spent, newest first',
      tags: ['account'],
      querystring: pageQuery,
      response: { 200: ledgerPage, ...problems(401, 422) },
    },
    handler: async (request) => {
      const { limit, cursor } = request.query
      const entries = await repositories.ledger.entries(accountOf(request).id, {
        limit: limit + 1,
        before: cursor === undefined ? undefined : sequenceOf(cursor),
      })
      const last = entries[limit - 1]
      return {
        entries: entries.slice(0, limit).map(presentEntry),
        nextCursor: entries.length > limit && last !== undefined ? cursorOf(last) : null,
      }
    },
  })
}
