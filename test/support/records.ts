import { randomBytes } from 'node:crypto'
import type { Database } from '../../src/db/database.ts'
import { createAccountsRepository } from '../../src/db/repositories/accounts.ts'
import { createLedgerRepository } from '../../src/db/repositories/ledger.ts'
import { createMediaRepository, type NewMedia } from '../../src/db/repositories/media.ts'
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

const MEDIA = {
  song: {
    kind: 'audio',
    fileName: 'song.mp3',
    contentType: 'audio/mpeg',
    streams: [{ kind: 'audio', codec: 'mp3', sampleRateHz: 44_100, channels: 2 }],
  },
  'silent film': {
    kind: 'video',
    fileName: 'film.mp4',
    contentType: 'video/mp4',
    streams: [{ kind: 'video', codec: 'h264', widthPx: 640, heightPx: 360, frameRate: 25 }],
  },
} as const satisfies Record<string, Partial<NewMedia>>

/** A medium of a minute, as its row says; there is no file. */
export const newMedium = (accountId: AccountId, what: keyof typeof MEDIA): NewMedia => {
  const id = newId('media')
  const storageKey = `media/${accountId}/${id}/original`
  return { ...MEDIA[what], id, accountId, storageKey, sizeBytes: 1_000_000, durationSeconds: 60 }
}

/** A video project of the account, with its song: rows only, no files. */
export const insertVideo = async (database: Database, accountId: AccountId): Promise<VideoId> => {
  const song = await createMediaRepository(database).insert(newMedium(accountId, 'song'))
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
