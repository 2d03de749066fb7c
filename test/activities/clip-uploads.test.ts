/** What is made is stored in three attempts, and what was made is said once. */

import { mkdtempSync, rmSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ObjectStore } from '../../src/adapters/storage/object-store.ts'
import type { ClipInput } from '../../src/contracts/clip-activities.ts'
import type { BranchResult } from '../../src/contracts/orders.ts'
import { clipKeys } from '../../src/domain/clips/clip-wish.ts'
import { MediaError } from '../../src/domain/failures.ts'
import { pipelineWorkflowId, type AccountId, type ExecutionId } from '../../src/domain/ids.ts'
import { clipStep } from '../../src/domain/steps.ts'
import { makeMedia } from '../support/media-corpus.ts'
import { insertAccount, newId } from '../support/records.ts'
import { startActivityWorld } from './support/activity-world.ts'

const world = await startActivityWorld()
const here = { timeoutMs: 60_000, provider: null }

let folder: string
let filmPath: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-uploads-'))
  filmPath = await makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=10:duration=3'],
    ...['-f', 'lavfi', '-i', 'sine=frequency=300:duration=3'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac', 'film.mp4'],
  )
  await world.store('media/film', filmPath, 'video/mp4')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Order {
  readonly accountId: AccountId
  readonly executionId: ExecutionId
}

/** An order of so many clips, in work. */
const order = async (count: number): Promise<Order> => {
  const accountId = await insertAccount(world.database.database, 100)
  const executionId = newId('execution')
  const steps = Array.from({ length: count }, (_, index) => clipStep(index + 1))
  await world.repositories.executions.admitOrder({
    order: {
      ...{
        executionId,
        accountId,
        pipeline: 'clip',
        subjectId: 'med_00000000',
        round: 0,
        priority: 3,
      },
      input: {},
    },
    workflowId: pipelineWorkflowId('clip', executionId),
    steps: [...steps, 'save'].map((name) => ({ name, priceCredits: 1 })),
    holdExpiresAt: new Date(Date.now() + 3_600_000),
  })
  return { accountId, executionId }
}

let orders = 0
const clipOf = (executionId: ExecutionId, number = 1): ClipInput => {
  const folderKey = `media/uploads-${orders}`
  return {
    executionId,
    footage: {
      accountId: 'acct_00000000',
      mediaId: 'med_00000000',
      sourceKey: 'media/film',
      durationSeconds: 3,
      picturesSeconds: 3,
      folderKey,
      clipsFolderKey: folderKey,
      stages: { extract: here, transcribe: here, subtitles: here, translate: here },
      hasSound: false,
    },
    number,
    format: 'square_1080',
    moment: {
      startSeconds: 0.5,
      endSeconds: 2.5,
      ...{ title: 'A title', hook: 'A hook', reason: 'A reason', source: 'heuristic' },
      scores: { hook: 1, engagement: 2, value: 3, shareability: 4 },
    },
  }
}
beforeEach(() => {
  orders += 1
})

/** A store that is away for the first so many uploads of a key. */
const awayFor = (count: number, ofKey: string) => {
  const { store } = world.storage
  let uploads = 0
  const put: ObjectStore['put'] = async (key, ...rest) => {
    if (key !== ofKey) return await store.put(key, ...rest)
    uploads += 1
    if (uploads <= count) throw new MediaError('STORAGE_UNAVAILABLE', 'the bucket is away')
    return await store.put(key, ...rest)
  }
  const storage = new Proxy(store, {
    get: (target, name) => {
      if (name === 'put') return put
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  return { storage, uploadCount: () => uploads }
}

const cut = async (clip: ClipInput, storage: ObjectStore = world.storage.store) => {
  await world.run('watchFaces', clip)
  let encodes = 0
  const tools = {
    ...world.deps.tools,
    cutClip: async (job: Parameters<typeof world.deps.tools.cutClip>[0]) => {
      encodes += 1
      return await world.deps.tools.cutClip(job)
    },
  }
  const made = world.run('cutClip', { ...clip, captions: null }, { change: { storage, tools } })
  return { made, encodes: () => encodes }
}

describe('a clip that is made', () => {
  it('is stored by the third attempt, and encoded once', async () => {
    const clip = clipOf((await order(1)).executionId)
    const key = clipKeys(clip.footage.clipsFolderKey).videoKey(1)
    const { storage, uploadCount } = awayFor(2, key)
    const { made, encodes } = await cut(clip, storage)
    await made
    expect([uploadCount(), encodes()]).toEqual([3, 1])
    expect(await world.storage.store.head(key)).toMatchObject({ contentType: 'video/mp4' })
  })

  it('has failed for good after the third, and says so', async () => {
    const clip = clipOf((await order(1)).executionId)
    const key = clipKeys(clip.footage.clipsFolderKey).videoKey(1)
    const { storage, uploadCount } = awayFor(100, key)
    const { made, encodes } = await cut(clip, storage)
    await expect(made).rejects.toMatchObject({ type: 'UPLOAD_FAILED', nonRetryable: true })
    expect([uploadCount(), encodes()]).toEqual([3, 1])
    expect(await world.workspaces()).toEqual([])
  })
})

const written = () => {
  const lines: (readonly [string, Readonly<Record<string, unknown>>])[] = []
  const write = (fields: Readonly<Record<string, unknown>>, message: string) =>
    void lines.push([message, fields])
  return { lines, log: { info: write, warn: write } }
}

describe('the end of an order', () => {
  it('is one line that says how many clips were encoded, how large, and how long it took', async () => {
    const { accountId, executionId } = await order(3)
    const branches: BranchResult[] = []
    let sizeBytes = 0
    for (const number of [1, 2]) {
      const clip = clipOf(executionId, number)
      await (
        await cut(clip)
      ).made
      const id = `clip_000000000${number}` as const
      const about = { id, captions: null, degradations: [], layout: 'single' as const }
      const { outputs } = await world.run('publishClip', { ...clip, ...about })
      branches.push({ step: clipStep(number), outcome: 'completed', failure: null, outputs })
      const path = join(folder, `made-${number}.mp4`)
      await world.storage.store.downloadTo(outputs[`clip-${number}`]!, path)
      sizeBytes += (await stat(path)).size
    }
    const failed = { outcome: 'failed', failure: 'UPLOAD_FAILED', outputs: {} } as const
    branches.push({ step: clipStep(3), ...failed })

    const { lines, log } = written()
    const ending = { executionId, outcome: 'partial', branches, step: 'save' } as const
    await world.run('completeExecution', ending, { change: { log } })
    await world.run('completeExecution', ending, { change: { log } })
    const { steps } = (await world.repositories.executions.findById(executionId))!
    const timeOf = (name: string, end: 'startedAt' | 'finishedAt') =>
      steps.find((step) => step.name === name)![end]!.getTime()
    expect(lines).toEqual([
      [
        'encode_complete',
        {
          execution_id: executionId,
          account_id: accountId,
          duration_ms: timeOf('clip 2', 'finishedAt') - timeOf('clip 1', 'startedAt'),
          clip_count: 2,
          total_size_bytes: sizeBytes,
        },
      ],
    ])
    expect(sizeBytes).toBeGreaterThan(10_000)
  })

  it('says nothing of encodes when no clip was made', async () => {
    const { executionId } = await order(1)
    const { lines, log } = written()
    const branches: BranchResult[] = [
      { step: clipStep(1), outcome: 'failed', failure: 'UPLOAD_FAILED', outputs: {} },
    ]
    const ending = { executionId, outcome: 'error', branches, step: 'save' } as const
    await world.run('completeExecution', ending, { change: { log } })
    expect(lines).toEqual([])
  })

  it('stands although what was made cannot be measured', async () => {
    const { executionId } = await order(1)
    const { lines, log } = written()
    const storage = new Proxy(world.storage.store, {
      get: (target, name) =>
        name === 'head'
          ? () => Promise.reject(new MediaError('STORAGE_UNAVAILABLE', 'away'))
          : (Reflect.get(target, name) as unknown),
    })
    const outputs = { 'clip-1': 'media/film' }
    const branches: BranchResult[] = [
      { step: clipStep(1), outcome: 'completed', failure: null, outputs },
    ]
    const ending = { executionId, outcome: 'completed', branches, step: 'save' } as const
    await world.run('completeExecution', ending, { change: { log, storage } })
    expect(lines.map(([message]) => message)).toEqual(['clips could not be measured'])
    expect((await world.repositories.executions.findById(executionId))?.status).toBe('completed')
  })
})

describe('the metrics', () => {
  it('have the time of each encode by what was made, and every attempt by stage and end', async () => {
    const text = await world.metrics.registry.metrics()
    expect(text).toMatch(
      /^spool_encode_duration_seconds_count\{kind="clip",format="1080x1080"\} [1-9]/m,
    )
    const stage = (name: string, outcome: string) =>
      new RegExp(
        `^spool_stage_attempts_total\\{.*stage="${name}",outcome="${outcome}"\\} [1-9]`,
        'm',
      )
    expect(text).toMatch(stage('faces', 'completed'))
    expect(text).toMatch(stage('cut', 'completed'))
    expect(text).toMatch(stage('cut', 'failed'))
    expect(text).toMatch(stage('publish', 'completed'))
  })
})
