import { expect, test } from 'vitest'
import { createAccountsRepository } from '../../src/db/repositories/accounts.ts'
import { createApiKeysRepository } from '../../src/db/repositories/api-keys.ts'
import { createLedgerRepository } from '../../src/db/repositories/ledger.ts'
import { createMediaRepository } from '../../src/db/repositories/media.ts'
import { createVideosRepository } from '../../src/db/repositories/videos.ts'
import { testDatabase } from '../support/database.ts'
import { insertAccount, insertVideo, newId } from '../support/records.ts'

const { database } = await testDatabase()
const accounts = createAccountsRepository(database)
const keys = createApiKeysRepository(database)

const newKey = async () => {
  const accountId = await insertAccount(database)
  const id = newId('apiKey')
  const key = { id, accountId, name: 'laptop', keyHash: `hash of ${id}`, keyStart: 'sk_12345' }
  await keys.insert(key)
  return key
}

test('an account that is created again is the stored one, with its credits', async () => {
  const id = await insertAccount(database, 7)
  const again = { id, name: 'Other', plan: 'free', email: null, webhookSecret: 'x' } as const
  expect(await accounts.create(again)).toMatchObject({ id, name: 'Test account', plan: 'creator' })
  expect(await createLedgerRepository(database).balance(id)).toMatchObject({ posted: 7 })
  expect(await accounts.find(newId('account'))).toBeNull()
})

test('a key finds its account until it is revoked', async () => {
  const key = await newKey()
  expect(await keys.findAccountByKeyHash(key.keyHash)).toMatchObject({
    account: { id: key.accountId },
    keyId: key.id,
  })
  expect(await keys.revoke(await insertAccount(database), key.id)).toBe(false)
  expect(await keys.findAccountByKeyHash(key.keyHash)).not.toBeNull()
  expect(await keys.revoke(key.accountId, key.id)).toBe(true)
  expect(await keys.revoke(key.accountId, key.id)).toBe(true)
  expect(await keys.findAccountByKeyHash(key.keyHash)).toBeNull()
})

test('listed keys do not show their hash', async () => {
  const key = await newKey()
  const [listed] = await keys.list(key.accountId)
  expect(listed).toMatchObject({ id: key.id, keyStart: 'sk_12345', revokedAt: null })
  expect(listed).not.toHaveProperty('keyHash')
})

test('the internal account is made by any number of processes and follows its secrets', async () => {
  const internal = {
    id: newId('account'),
    webhookSecret: 'whsec_1',
    keyId: newId('apiKey'),
    keyHash: 'internal hash 1',
    keyStart: 'sk_a',
  }
  await Promise.all([1, 2, 3, 4].map(() => accounts.upsertInternal(internal)))
  expect(await keys.findAccountByKeyHash('internal hash 1')).toMatchObject({
    account: { plan: 'internal', webhookSecret: 'whsec_1' },
  })
  await accounts.upsertInternal({
    ...internal,
    webhookSecret: 'whsec_2',
    keyHash: 'internal hash 2',
    keyStart: 'sk_b',
  })
  expect(await keys.findAccountByKeyHash('internal hash 1')).toBeNull()
  expect(await keys.findAccountByKeyHash('internal hash 2')).toMatchObject({
    account: { id: internal.id, webhookSecret: 'whsec_2' },
    keyId: internal.keyId,
  })
})

test('media and videos are found and listed for their own account only', async () => {
  const media = createMediaRepository(database)
  const videos = createVideosRepository(database)
  const [accountId, otherId] = [await insertAccount(database), await insertAccount(database)]
  const videoId = await insertVideo(database, accountId)
  const video = await videos.find(accountId, videoId)
  expect(video).toMatchObject({ id: videoId, status: 'draft', executionId: null })
  const song = await media.find(accountId, video!.audioMediaId)
  expect(song).toMatchObject({ kind: 'audio', sizeBytes: 1_000_000 })
  expect(await media.insert({ ...song!, fileName: 'other.mp3' })).toMatchObject({
    fileName: 'song.mp3',
  })

  expect(await videos.find(otherId, videoId)).toBeNull()
  expect(await media.find(otherId, song!.id)).toBeNull()
  expect((await videos.list(otherId, { limit: 5 })).items).toEqual([])
  expect((await videos.list(accountId, { limit: 5 })).items).toHaveLength(1)
  expect((await media.list(accountId, { limit: 5 })).items).toHaveLength(1)
})
