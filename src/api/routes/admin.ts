import { z } from 'zod'
import {
  accountCreated,
  apiKeyCreated,
  newAccount,
  newApiKey,
  newRefund,
  newTopUp,
  refundDone,
  topUpDone,
} from '../../contracts/http/admin.ts'
import { idField } from '../../contracts/http/fields.ts'
import { MediaError } from '../../domain/failures.ts'
import { holdId, type AccountId } from '../../domain/ids.ts'
import { makeApiKey } from '../api-keys.ts'
import { newId } from '../plugins/idempotency.ts'
import { problems, type Api, type RouteContext } from './route-context.ts'

const ofAccount = z.object({ id: idField('account') })

type Accounts = Pick<RouteContext['repositories'], 'accounts'>

const requireAccount = async ({ accounts }: Accounts, id: AccountId) => {
  const account = await accounts.find(id)
  if (account === null) throw new MediaError('NOT_FOUND', 'no such account')
  return account
}

/** Accounts and their keys, for the operator. Behind the admin key. */
export const adminAccountRoutes = async (
  app: Api,
  { repositories, ...context }: RouteContext,
): Promise<void> => {
  app.route({
    method: 'POST',
    url: '/accounts',
    schema: {
      summary: 'Open an account',
      tags: ['admin'],
      body: newAccount,
      response: { 201: accountCreated, ...problems(400, 401, 409, 422) },
    },
    config: { idempotent: true },
    handler: async (request, reply) => {
      const { createdAt, ...row } = await repositories.accounts.create({
        id: newId(request, 'account'),
        webhookSecret: context.newWebhookSecret(),
        ...request.body,
      })
      return await reply.code(201).send({ ...row, createdAt: createdAt.toISOString() })
    },
  })

  app.route({
    method: 'POST',
    url: '/accounts/:id/keys',
    schema: {
      summary: 'Make an API key; it is shown this once',
      tags: ['admin'],
      params: ofAccount,
      body: newApiKey.nullish(),
      response: { 201: apiKeyCreated, ...problems(400, 401, 404, 409, 422) },
    },
    config: { idempotent: true, secretFields: ['key'] },
    handler: async (request, reply) => {
      const { id: accountId } = await requireAccount(repositories, request.params.id)
      const id = newId(request, 'apiKey')
      const name = request.body?.name ?? ''
      const { key, keyHash, keyStart } = makeApiKey()
      await repositories.apiKeys.insert({ id, accountId, name, keyHash, keyStart })
      const createdAt = context.now().toISOString()
      return await reply.code(201).send({ id, accountId, name, key, createdAt })
    },
  })

  app.route({
    method: 'DELETE',
    url: '/accounts/:id/keys/:keyId',
    schema: {
      summary: 'Revoke an API key',
      tags: ['admin'],
      params: ofAccount.extend({ keyId: idField('apiKey') }),
      response: { 204: z.null(), ...problems(401, 404) },
    },
    handler: async (request, reply) => {
      const { id, keyId } = request.params
      const revoked = await repositories.apiKeys.revoke(id, keyId)
      if (!revoked) throw new MediaError('NOT_FOUND', 'no such key')
      return await reply.code(204).send(null)
    },
  })
}

/** Credits given and given back, by the operator. Behind the admin key. */
export const adminCreditRoutes = async (
  app: Api,
  { repositories }: RouteContext,
): Promise<void> => {
  const creditsOf = async (id: AccountId) => {
    const { available, held } = await repositories.ledger.balance(id)
    return { available, held }
  }

  app.route({
    method: 'POST',
    url: '/accounts/:id/top-ups',
    schema: {
      summary: 'Give credits to an account; the same reference counts once',
      tags: ['admin'],
      params: ofAccount,
      body: newTopUp,
      response: { 201: topUpDone, ...problems(400, 401, 404, 409, 422) },
    },
    config: { idempotent: true },
    handler: async (request, reply) => {
      const { id: accountId } = await requireAccount(repositories, request.params.id)
      await repositories.ledger.topUp({ accountId, ...request.body })
      const credits = await creditsOf(accountId)
      return await reply.code(201).send({ accountId, ...request.body, credits })
    },
  })

  app.route({
    method: 'POST',
    url: '/accounts/:id/refunds',
    schema: {
      summary: 'Give captured credits back, all that is left of them or a part',
      tags: ['admin'],
      params: ofAccount,
      body: newRefund,
      response: { 201: refundDone, ...problems(400, 401, 404, 409, 422) },
    },
    config: { idempotent: true },
    handler: async (request, reply) => {
      const { id: accountId } = await requireAccount(repositories, request.params.id)
      const { executionId, amountCredits, note } = request.body
      const hold = await repositories.ledger.holdOf(holdId(executionId))
      if (hold === null || hold.accountId !== accountId) {
        throw new MediaError('NOT_FOUND', 'the account has no such execution')
      }
      const { refundedCredits } = await repositories.ledger.refund({
        holdId: hold.id,
        amountCredits,
        note: note === '' ? 'Refund' : note,
        // Each order of a refund counts once; without a key of the caller each is a new one.
        reference: request.idempotency.seed,
      })
      const credits = await creditsOf(accountId)
      return await reply
        .code(201)
        .send({ accountId, executionId, amountCredits: refundedCredits, credits })
    },
  })
}
