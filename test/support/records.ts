import { randomBytes } from 'node:crypto'
import type { Database } from '../../src/db/database.ts'
import { createAccountsRepository } from '../../src/db/repositories/accounts.ts'
import { createLedgerRepository } from '../../src/db/repositories/ledger.ts'
import { createMediaRepository } from '../../src/db/repositories/media.ts'
import { createVideosRepository } from '../../src/db/repositories/videos.ts'
import { makeId, type AccountId, type IdKind, type VideoId } from '../../src/domain/ids.ts'

/** How videos of tests look, where the look does not matter. */
export const LOOK = {
  format: '16:9',
  template: 'spectrum-bars',
  hdr: false,
  settings: {
    title: 'Title',
    artist: 'Artist',
    accentColor: '#ff5c7a',
    backgroundMediaId: null,
    frameRate: 30,
    resolution: 720,
  },
} as const

/** An id that no other test has. */
export const newId = <K extends IdKind>(kind: K) => makeId(kind, randomBytes(9).toString('hex'))

/** An account with so many credits. */
export const insertAccount = async (database: Database, credits = 0): Promise<AccountId> => {
  const id = newId('account')
  await createAccountsRepository(database).create({
    id,
    name: 'Test account',
    plan: 'creator',
    email: null,
    webhookSecret: 'whsec_dGVzdC10ZXN0LXRlc3QtdGVzdC10ZXN0',
  })
  if (credits > 0) {
    const ledger = createLedgerRepository(database)
    await ledger.topUp({ accountId: id, amountCredits: credits, reference: 'start' })
  }
  return id
}

/** A video project of the account, with its song: rows only, no files. */
export const insertVideo = async (database: Database, accountId: AccountId): Promise<VideoId> => {
  const song = await createMediaRepository(database).insert({
    id: newId('media'),
    accountId,
    kind: 'audio',
    storageKey: 'media/song.mp3',
    fileName: 'song.mp3',
    contentType: 'audio/mpeg',
    sizeBytes: 1_000_000,
    durationSeconds: 60,
    streams: [{ kind: 'audio', codec: 'mp3', sampleRateHz: 44_100, channels: 2 }],
  })
  const video = await createVideosRepository(database).insert({
    id: newId('video'),
    accountId,
    audioMediaId: song.id,
    startSeconds: 0,
    endSeconds: 15,
    ...LOOK,
  })
  return video.id
}
