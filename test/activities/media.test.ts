import { join } from 'node:path'
import { CancelledFailure } from '@temporalio/activity'
import type { MockActivityEnvironment } from '@temporalio/testing'
import { beforeAll, expect, it } from 'vitest'
import { probe } from '../../src/adapters/ffmpeg/probe.ts'
import { deliveryKeys, renderKeys } from '../../src/domain/storage-keys.ts'
import { childrenNamed } from './support/child-processes.ts'
import { eventually } from '../support/eventually.ts'
import { makeClip, makeTone } from '../support/media-corpus.ts'
import { startActivityWorld } from './support/activity-world.ts'

const world = await startActivityWorld()

beforeAll(async () => {
  const song = await makeTone(world.folder, 'song.flac', { durationSeconds: 4 })
  await world.store('media/song', song, 'audio/flac')
})

const keysUnder = async (prefix: string): Promise<string[]> => {
  const keys: string[] = []
  for await (const { key } of world.storage.store.list(prefix)) keys.push(key)
  return keys
}

const probed = async (key: string) => {
  const path = join(world.folder, 'probed')
  await world.storage.store.downloadTo(key, path)
  const { SPOOL_FFPROBE_PATH: ffprobePath } = world.config.settings
  return await probe({ ffprobePath, path })
}

const stepOf = async (executionId: string, name: string) => {
  const execution = await world.repositories.executions.findById(executionId)
  return execution?.steps.find((step) => step.name === name)
}

it('crops the region, and a second call overwrites the same key and leaves nothing else', async () => {
  const { executionId, videoId } = await world.order()
  const first = await world.run('cropAudio', { executionId, videoId })
  const second = await world.run('cropAudio', { executionId, videoId })

  expect(second).toEqual(first)
  expect(first).toEqual({
    croppedAudioKey: renderKeys(videoId, executionId).croppedAudioKey,
    coverKey: null,
  })
  expect(await keysUnder(`videos/${videoId}/`)).toEqual([first.croppedAudioKey])
  expect((await probed(first.croppedAudioKey)).durationSeconds).toBeCloseTo(2, 1)
  const video = await world.repositories.videos.findForExecution(executionId)
  expect(video?.croppedAudioKey).toBe(first.croppedAudioKey)
  expect(await stepOf(executionId, 'crop audio')).toMatchObject({
    status: 'completed',
    attempts: 2,
  })
  expect(await world.workspaces()).toEqual([])
})

it('does not crop for an execution that a newer one has superseded', async () => {
  const { executionId, videoId, accountId } = await world.order()
  await world.repositories.videos.startRender({
    accountId,
    videoId,
    executionId: 'exec_newerthanthat',
  })
  await expect(world.run('cropAudio', { executionId, videoId })).rejects.toMatchObject({
    type: 'CANCELED',
    nonRetryable: true,
  })
  expect(await keysUnder(`videos/${videoId}/`)).toEqual([])
})

it('names a song that is gone from the storage, and does not try again', async () => {
  const { executionId, videoId } = await world.order({ audioKey: 'media/gone' })
  await expect(world.run('cropAudio', { executionId, videoId })).rejects.toMatchObject({
    type: 'STORAGE_NOT_FOUND',
    nonRetryable: true,
  })
  expect(await stepOf(executionId, 'crop audio')).toMatchObject({
    status: 'failed',
    error: { code: 'STORAGE_NOT_FOUND' },
  })
})

it('ends ffmpeg and removes the workspace when it is cancelled while it crops', async () => {
  const song = await makeTone(world.folder, 'long.flac', { durationSeconds: 1_200 })
  await world.store('media/long', song, 'audio/flac')
  const { executionId, videoId, accountId } = await world.order({ audioKey: 'media/long' })
  await world.database.pool.query(
    'UPDATE videos SET start_seconds = 0, end_seconds = 1200 WHERE id = $1 AND account_id = $2',
    [videoId, accountId],
  )
  let environment: MockActivityEnvironment | undefined
  const running = world.run(
    'cropAudio',
    { executionId, videoId },
    { environment: (made) => (environment = made) },
  )
  const ended = running.catch((error: unknown) => error)
  const [encoder] = await eventually(async () => {
    const found = await childrenNamed('ffmpeg')
    expect(found.length).toBeGreaterThan(0)
    return found
  })
  environment?.cancel('CANCELLED')

  expect(await ended).toBeInstanceOf(CancelledFailure)
  expect(await childrenNamed('ffmpeg')).not.toContain(encoder)
  expect(await world.workspaces()).toEqual([])
  expect(await keysUnder(`videos/${videoId}/`)).toEqual([])
})

it('makes both thumbnails of a stored video', async () => {
  const clip = await makeClip(world.folder, 'clip.mp4', { durationSeconds: 2, size: '640x360' })
  const { executionId, videoId } = await world.order()
  const { videoKey, ...thumbnails } = deliveryKeys(videoId, executionId, 1)
  await world.store(videoKey, clip, 'video/mp4')

  const made = await world.run('makeThumbnails', { executionId, videoKey })
  expect(made).toEqual(thumbnails)
  const sizes = await Promise.all(
    Object.values(thumbnails).map((key) => world.storage.store.head(key)),
  )
  for (const size of sizes) {
    expect(size).toMatchObject({ contentType: 'image/jpeg' })
    expect(size?.sizeBytes).toBeGreaterThan(1_000)
  }
  expect(await stepOf(executionId, 'thumbnails')).toMatchObject({ status: 'completed' })
})
