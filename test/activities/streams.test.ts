import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CancelledFailure } from '@temporalio/activity'
import type { MockActivityEnvironment } from '@temporalio/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import type { PipelineOrder } from '../../src/contracts/orders.ts'
import type { StreamSource } from '../../src/contracts/stream-activities.ts'
import { PIPELINE_STEPS } from '../../src/domain/steps.ts'
import { eventually } from '../support/eventually.ts'
import { insertAccount, newId } from '../support/records.ts'
import { startActivityWorld } from './support/activity-world.ts'
import { childrenNamed } from './support/child-processes.ts'

const run = promisify(execFile)
const world = await startActivityWorld()
const { customer, repositories, storage } = world

/** Enough for three segments; not H.264, so that nothing can be copied. */
const SECONDS = 9
let film: Buffer

const makeFilm = async (name: string, ...sound: string[]): Promise<string> => {
  const path = join(world.folder, name)
  const source = `testsrc2=s=160x90:r=25:d=${SECONDS}`
  await run('ffmpeg', [
    '-v',
    'error',
    '-y',
    '-f',
    'lavfi',
    '-i',
    source,
    ...sound,
    '-c:v',
    'mpeg4',
    path,
  ])
  return path
}

beforeAll(async () => {
  const tone = ['-f', 'lavfi', '-i', `sine=d=${SECONDS}`, '-c:a', 'aac']
  film = await readFile(await makeFilm('film.mp4', ...tone))
  customer.answer = ({ url }) => (url === '/film.mp4' ? { body: film } : { status: 404 })
})

const admit = async (url: string): Promise<PipelineOrder> => {
  const order: PipelineOrder = {
    executionId: newId('execution'),
    accountId: await insertAccount(world.database.database, 100),
    pipeline: 'stream',
    subjectId: newId('media'),
    round: 0,
    priority: 3,
    input: { sealedUrl: world.seal(url) },
  }
  await repositories.executions.admitOrder({
    order,
    workflowId: `stream-${order.executionId}`,
    steps: PIPELINE_STEPS.stream.map((name) => ({ name, priceCredits: 1 })),
    holdExpiresAt: new Date(Date.now() + 3_600_000),
  })
  return order
}

const probed = async () => {
  const order = await admit(`${customer.baseUrl}/film.mp4`)
  const { executionId } = order
  const source = await world.run('probeSource', { executionId, order })
  return { order, executionId, source }
}

const oneWorker = { change: { workersOf: async () => 1 } }
const twoWorkers = { change: { workersOf: async () => 2 } }

const planned = async (options: object = oneWorker) => {
  const { executionId, source } = await probed()
  const wish = { renditions: 'auto', hdr: false, audioTracks: 'first' } as const
  const plan = await world.run('planLadder', { executionId, source, wish }, options)
  return { executionId, source, ...plan }
}

type Planned = Awaited<ReturnType<typeof planned>>

const part = ({ executionId, source, ladder, groups }: Planned, index: number) => ({
  executionId,
  source,
  ladder,
  rungNames: groups[0]!.rungNames,
  range: { firstSegment: index, segmentCount: 1 },
  progress: { fromRatio: 0, toRatio: 1 },
})

const segmentsOf = async (folderKey: string): Promise<string[]> => {
  const names: string[] = []
  for await (const { key } of storage.store.list(`${folderKey}/`)) {
    names.push(key.slice(folderKey.length + 1))
  }
  return names
}

const stepOf = async (executionId: string, name: string) => {
  const execution = await repositories.executions.findById(executionId)
  return execution?.steps.find((step) => step.name === name)
}

describe('probeSource', () => {
  it('makes a medium of what lies at a URL, and fetches it once', async () => {
    const { order, executionId, source } = await probed()
    expect(source).toMatchObject({ mediaId: order.subjectId, hasSound: true })
    expect(source.durationSeconds).toBeCloseTo(SECONDS, 0)
    const fetched = customer.requests.length
    expect(await world.run('probeSource', { executionId, order })).toEqual(source)
    expect(await world.run('findSource', { executionId, order })).toEqual(source)
    expect(customer.requests.length).toBe(fetched)
    const medium = await repositories.media.find(order.accountId, source.mediaId)
    expect(medium).toMatchObject({ kind: 'video', fileName: 'film.mp4' })
    expect(await repositories.mediaStreams.find(order.accountId, source.mediaId)).toMatchObject({
      executionId,
      status: 'processing',
      readyToStream: false,
    })
  })

  it('refuses what is not there and what is no film, for good', async () => {
    const missing = await admit(`${customer.baseUrl}/nothing.mp4`)
    await expect(
      world.run('probeSource', { executionId: missing.executionId, order: missing }),
    ).rejects.toMatchObject({ type: 'SOURCE_NOT_FOUND', nonRetryable: true })
    expect(await stepOf(missing.executionId, 'probe')).toMatchObject({ status: 'failed' })
    const audio = await makeAudio()
    const order = await admit(audio)
    await expect(
      world.run('probeSource', { executionId: order.executionId, order }),
    ).rejects.toMatchObject({ type: 'MEDIA_NO_VIDEO', nonRetryable: true })
  })
})

const makeAudio = async (): Promise<string> => {
  const path = join(world.folder, 'song.mp3')
  await run('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', 'sine=d=2', path])
  await world.store('uploads/song.mp3', path, 'audio/mpeg')
  return await storage.store.signGet('uploads/song.mp3', { expiresInSeconds: 600 })
}

describe('a ladder', () => {
  it('is made in ranges that a second call does not make again, and joined without a gap', async () => {
    const plan = await planned()
    const { executionId, source, ladder } = plan
    expect(ladder.segmentCount).toBe(3)
    const ranges = [0, 1, 2].map((firstSegment) => ({ firstSegment, segmentCount: 1 }))
    for (const index of [2, 0, 1]) await world.run('encodeLadderPart', part(plan, index))
    await world.run('encodeLadderSound', { executionId, source, ladder })
    const noEncoder = { change: { tools: { ...world.deps.tools, encodeRungs: nobody } } }
    await world.run('encodeLadderPart', part(plan, 1), noEncoder)

    const groups = [{ ...plan.groups[0]!, ranges }]
    const { outputs } = await world.run('closeLadder', { executionId, source, groups })
    expect(outputs).toEqual({
      hls: `${source.folderKey}/master.m3u8`,
      dash: `${source.folderKey}/manifest.mpd`,
    })
    expect(await world.run('closeLadder', { executionId, source, groups })).toEqual({ outputs })
    expect(await segmentsOf(source.workKey)).toEqual([])
    const rung = plan.groups[0]!.rungNames[0]!
    const names = await segmentsOf(source.folderKey)
    expect(names.filter((name) => name.startsWith(`${rung}/`))).toEqual([
      `${rung}/00001.m4s`,
      `${rung}/00002.m4s`,
      `${rung}/00003.m4s`,
      `${rung}/index.m3u8`,
      `${rung}/init.mp4`,
    ])
    expect(await stepOf(executionId, 'ladder')).toMatchObject({ status: 'completed' })
    const { accountId } = (await repositories.executions.findById(executionId))!
    expect(await repositories.mediaStreams.find(accountId, source.mediaId)).toMatchObject({
      readyToStream: true,
      folderKey: source.folderKey,
    })
  })

  it('is divided when there are more workers, and not for a moment’s work', async () => {
    expect((await planned(twoWorkers)).groups[0]?.ranges).toHaveLength(1)
    expect((await planned(twoWorkers)).partCountMax).toBe(4)
  })

  it('that is canceled ends ffmpeg and leaves nothing of the range', async () => {
    const plan = await planned()
    let environment: MockActivityEnvironment | undefined
    const slowly: typeof world.deps.tools.encodeRungs = (job) =>
      world.deps.tools.encodeRungs({
        ...job,
        // A thousand times the work of a rung, for time to be canceled in.
        ladder: {
          ...job.ladder,
          rungs: job.ladder.rungs.map((rung) => ({ ...rung, widthPx: 3840, heightPx: 2160 })),
        },
      })
    const work = world.run('encodeLadderPart', part(plan, 0), {
      change: { tools: { ...world.deps.tools, encodeRungs: slowly } },
      environment: (own) => {
        environment = own
      },
    })
    const ending = work.then(
      () => null,
      (error: unknown) => error,
    )
    await eventually(async () => expect(await childrenNamed('ffmpeg')).not.toEqual([]))
    environment?.cancel()
    expect(await ending).toBeInstanceOf(CancelledFailure)
    expect(await childrenNamed('ffmpeg')).toEqual([])
    expect(await world.workspaces()).toEqual([])
    expect(await segmentsOf(plan.source.workKey)).toEqual([])
  })
})

const nobody = (): never => {
  throw new Error('there is nothing to encode')
}

describe('what stands beside the ladder', () => {
  it('is stored in the folder of the stream, and its steps are completed', async () => {
    const { executionId, source } = await probed()
    const poster = await world.run('makePoster', { executionId, source })
    const preview = await world.run('makePreview', { executionId, source })
    const storyboard = await world.run('makeStreamStoryboard', { executionId, source })
    const waveform = await world.run('makeStreamWaveform', { executionId, source })
    const keys = [poster, preview, storyboard, waveform].flatMap(({ outputs }) =>
      Object.values(outputs),
    )
    const types = await Promise.all(
      keys.map(async (key) => (await storage.store.head(key))?.contentType),
    )
    expect(types).toEqual(['image/webp', 'image/gif', 'image/webp', 'text/vtt', 'application/json'])
    expect(keys.every((key) => key.startsWith(`${source.folderKey}/`))).toBe(true)
    for (const step of ['poster', 'preview', 'storyboard', 'waveform']) {
      expect(await stepOf(executionId, step)).toMatchObject({ status: 'completed', progress: 100 })
    }
  })

  it('has neither waveform nor transcript of a silent film, and says so', async () => {
    const { executionId, source } = await probed()
    const silent: StreamSource = { ...source, hasSound: false }
    const input = { executionId, source: silent }
    expect(await world.run('makeStreamWaveform', input)).toMatchObject({ outputs: {} })
    await world.run('transcribeStream', { ...input, language: null })
    expect(await stepOf(executionId, 'waveform')).toMatchObject({ status: 'skipped' })
    expect(await stepOf(executionId, 'transcript')).toMatchObject({ status: 'skipped' })
  })

  it('has an empty transcript of a film in which nobody speaks', async () => {
    const { executionId, source } = await probed()
    const transcript = { language: 'en', durationSeconds: SECONDS, segments: [], words: [] }
    const speech = { engine: 'fake', transcribe: async () => transcript }
    const { outputs } = await world.run(
      'transcribeStream',
      { executionId, source, language: 'en' },
      { change: { speech } },
    )
    const { stream } = await storage.store.open(outputs['transcript']!)
    expect(JSON.parse(Buffer.concat(await stream.toArray()).toString())).toEqual(transcript)
    expect(await stepOf(executionId, 'transcript')).toMatchObject({ status: 'completed' })
  })
})
