import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createExecutionsRepository } from '../../src/db/repositories/executions.ts'
import { createLedgerRepository } from '../../src/db/repositories/ledger.ts'
import { createVideosRepository } from '../../src/db/repositories/videos.ts'
import { holdId, type AccountId, type ExecutionId, type VideoId } from '../../src/domain/ids.ts'
import { PIPELINE_STEPS } from '../../src/domain/steps.ts'
import { testDatabase } from '../support/database.ts'
import { insertAccount, insertVideo, newId } from '../support/records.ts'

const { database } = await testDatabase()
const NOW = new Date('2026-01-01T12:00:00Z')
const clock = () => NOW
const executions = createExecutionsRepository(database, { clock })
const videos = createVideosRepository(database, { clock })
const ledger = createLedgerRepository(database, { clock })

const FILES = {
  croppedAudioKey: 'crop.mp3',
  videoKey: 'video.mp4',
  thumbnailKey: 'landscape.jpg',
  squareThumbnailKey: 'square.jpg',
}

let accountId: AccountId
let videoId: VideoId

beforeEach(async () => {
  accountId = await insertAccount(database, 20)
  videoId = await insertVideo(database, accountId)
})

afterEach(async () => {
  expect(await ledger.audit()).toEqual([])
})

const requestFor = (
  executionId: ExecutionId,
  options: { amountCredits?: number; replaces?: ExecutionId } = {},
) => ({
  order: { executionId, videoId, accountId },
  workflowId: `render-${videoId}`,
  replaces: options.replaces ?? null,
  steps: PIPELINE_STEPS.render,
  holdExpiresAt: NOW,
  amountCredits: options.amountCredits ?? 15,
})

const admit = async (options: { amountCredits?: number; replaces?: ExecutionId } = {}) => {
  const executionId = newId('execution')
  const admission = await executions.admitRender(requestFor(executionId, options))
  return { executionId, admission }
}

const stepOf = async (executionId: ExecutionId, name: string) =>
  (await executions.findById(executionId))?.steps.find((step) => step.name === name)

const eventsOf = async (executionId: ExecutionId) => {
  const events = await executions.events({ executionId, afterSequence: 0, limit: 100 })
  return events.map(({ type, data }) =>
    [type, data['step'], data['status'] ?? data['progress']].filter(Boolean).join(' '),
  )
}

describe('admission', () => {
  test('an admitted render has its hold, its steps, and its video', async () => {
    const { executionId, admission } = await admit()
    expect(admission).toEqual({ status: 'held' })
    const execution = await executions.find(accountId, executionId)
    expect(execution).toMatchObject({
      status: 'pending',
      subjectId: videoId,
      hold: { state: 'pending', amountCredits: 15, workflowId: `render-${videoId}` },
      credits: { heldCredits: 15, capturedCredits: 0, refundedCredits: 0 },
    })
    expect(execution?.steps.map(({ name }) => name)).toEqual([...PIPELINE_STEPS.render])
    expect(execution?.steps.map(({ status }) => status)).toEqual([
      'completed',
      ...Array.from({ length: 6 }, () => 'pending'),
    ])
    expect(await videos.findForExecution(executionId)).toMatchObject({
      id: videoId,
      status: 'pending',
      renderProgress: 0,
    })
  })

  test('calls that come twice, also at once, are answered alike and hold once', async () => {
    const request = requestFor(newId('execution'))
    const twice = [executions.admitRender(request), executions.admitRender(request)]
    expect(await Promise.all(twice)).toEqual([{ status: 'held' }, { status: 'held' }])
    await executions.abandon({
      executionId: request.order.executionId,
      ending: 'canceled',
      failure: null,
      step: null,
    })
    // What is over is not begun again.
    await expect(executions.admitRender(request)).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await ledger.balance(accountId)).toMatchObject({ held: 0, available: 20 })
  })

  test('a declined render leaves nothing but the refusal, which is final', async () => {
    const { executionId, admission } = await admit({ amountCredits: 21 })
    expect(admission).toEqual({ status: 'declined', neededCredits: 21, availableCredits: 20 })
    expect(await executions.findById(executionId)).toBeNull()
    expect(await videos.find(accountId, videoId)).toMatchObject({
      status: 'draft',
      executionId: null,
    })
    await ledger.topUp({ accountId, amountCredits: 100, reference: 'later' })
    expect(
      await executions.admitRender(requestFor(executionId, { amountCredits: 21 })),
    ).toMatchObject({ status: 'declined' })
  })

  test('a video of another account is not rendered, and nothing is held', async () => {
    const otherId = await insertAccount(database, 50)
    const request = requestFor(newId('execution'))
    const foreign = { ...request, order: { ...request.order, accountId: otherId } }
    await expect(executions.admitRender(foreign)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await ledger.balance(otherId)).toMatchObject({ held: 0 })
    expect(await executions.find(otherId, request.order.executionId)).toBeNull()
  })
})

describe('superseding', () => {
  test('a newer render takes over hold and video in one step', async () => {
    const old = await admit({ amountCredits: 15 })
    await executions.beginStep({ executionId: old.executionId, step: 'crop audio' })
    const newer = await admit({ amountCredits: 18, replaces: old.executionId })
    expect(newer.admission).toEqual({ status: 'held' })

    const replaced = await executions.findById(old.executionId)
    expect(replaced).toMatchObject({
      status: 'canceled',
      finishedAt: NOW,
      hold: { state: 'voided' },
      credits: { heldCredits: 15, capturedCredits: 0, refundedCredits: 15 },
    })
    expect(new Set(replaced?.steps.map(({ status }) => status))).toEqual(
      new Set(['completed', 'canceled']),
    )
    expect((await eventsOf(old.executionId)).at(-1)).toBe('execution.status canceled')
    expect(await ledger.balance(accountId)).toMatchObject({ held: 18, available: 2 })
    expect(await videos.find(accountId, videoId)).toMatchObject({
      executionId: newer.executionId,
      status: 'pending',
    })
  })

  test('when the newer render cannot be paid, the old one keeps its hold and runs on', async () => {
    const old = await admit({ amountCredits: 15 })
    const newer = await admit({ amountCredits: 21, replaces: old.executionId })
    expect(newer.admission).toEqual({
      status: 'declined',
      neededCredits: 21,
      availableCredits: 5,
    })
    expect(await executions.findById(old.executionId)).toMatchObject({
      status: 'pending',
      hold: { state: 'pending' },
    })
    expect(await executions.beginStep({ executionId: old.executionId, step: 'crop audio' })).toBe(
      true,
    )
    expect(await videos.find(accountId, videoId)).toMatchObject({ executionId: old.executionId })
  })

  test('a finished render is not undone by the one that follows it', async () => {
    const old = await admit({ amountCredits: 5 })
    await executions.complete({ ...old, files: FILES, renderTimeSeconds: 3 })
    await admit({ amountCredits: 15, replaces: old.executionId })
    expect(await executions.findById(old.executionId)).toMatchObject({
      status: 'completed',
      hold: { state: 'captured', capturedCredits: 5 },
    })
    expect(await ledger.balance(accountId)).toMatchObject({ posted: 15, held: 15 })
  })

  test('a stale execution can write neither to the video nor to its own record', async () => {
    const { executionId } = await admit({ amountCredits: 10 })
    await executions.beginStep({ executionId, step: 'remote render' })
    const newer = await admit({ amountCredits: 10, replaces: executionId })
    const before = await videos.find(accountId, videoId)
    const progress = { executionId, step: 'remote render', progress: 50, signOfLifeAt: NOW }

    expect(await executions.beginStep({ executionId, step: 'thumbnails' })).toBe(false)
    expect(await executions.recordProgress(progress)).toBe(false)
    expect(await executions.markStalled(executionId)).toBe(false)
    expect(await videos.setCroppedAudio(executionId, 'stale.mp3')).toBe(false)
    expect(await videos.setProgress(executionId, 99)).toBe(false)
    expect(await videos.settle(executionId, 'error')).toBe(false)
    expect(await videos.findForExecution(executionId)).toBeNull()
    const complete = executions.complete({ executionId, files: FILES, renderTimeSeconds: 1 })
    await expect(complete).rejects.toMatchObject({ code: 'HOLD_CONFLICT' })
    const abandon = { executionId, ending: 'error', failure: 'INTERNAL', step: null } as const
    expect(await executions.abandon(abandon)).toEqual({
      abandoned: false,
      status: 'canceled',
      releasedCredits: 10,
    })
    expect(await videos.find(accountId, videoId)).toEqual(before)
    expect(await executions.findById(newer.executionId)).toMatchObject({
      hold: { state: 'pending' },
    })
  })
})

describe('steps', () => {
  test('the first step that begins sets execution and video to processing', async () => {
    const { executionId } = await admit()
    await executions.beginStep({ executionId, step: 'crop audio' })
    await executions.endStep({ executionId, step: 'crop audio', outcome: 'completed' })
    await executions.beginStep({ executionId, step: 'invalidate cdn' })
    await executions.endStep({ executionId, step: 'invalidate cdn', outcome: 'skipped' })
    expect(await eventsOf(executionId)).toEqual([
      'execution.status pending',
      'execution.status processing',
      'step.status crop audio processing',
      'step.status crop audio completed',
      'step.status invalidate cdn processing',
      'step.status invalidate cdn skipped',
    ])
    expect(await videos.find(accountId, videoId)).toMatchObject({ status: 'processing' })
  })

  test('attempts are counted, and an error is forgotten by the next attempt', async () => {
    const { executionId } = await admit()
    const error = { code: 'ENCODER_CRASHED', message: 'It stopped.' } as const
    await executions.beginStep({ executionId, step: 'crop audio' })
    await executions.endStep({ executionId, step: 'crop audio', outcome: 'failed', error })
    expect(await stepOf(executionId, 'crop audio')).toMatchObject({ status: 'failed', error })
    await executions.beginStep({ executionId, step: 'crop audio' })
    expect(await stepOf(executionId, 'crop audio')).toMatchObject({
      status: 'processing',
      attempts: 2,
      error: null,
    })
  })

  test('progress never falls within an attempt and starts anew with the next', async () => {
    const { executionId } = await admit()
    const step = 'remote render'
    const report = (progress: number, atMs: number) =>
      executions.recordProgress({
        executionId,
        step,
        progress,
        signOfLifeAt: new Date(NOW.getTime() + atMs),
      })
    await executions.beginStep({ executionId, step })
    for (const [index, progress] of [10, 10.4, 40.2, 30, 40.9].entries()) {
      await report(progress, index)
    }
    expect(await stepOf(executionId, step)).toMatchObject({ progress: 40.9 })
    expect(await videos.find(accountId, videoId)).toMatchObject({ renderProgress: 40.9 })
    expect((await executions.findById(executionId))?.lastSignOfLifeAt).toEqual(
      new Date(NOW.getTime() + 4),
    )
    expect(
      (await eventsOf(executionId)).filter((event) => event.startsWith('step.progress')),
    ).toEqual(['step.progress remote render 10', 'step.progress remote render 40'])
    await executions.beginStep({ executionId, step })
    await report(5, 0)
    expect(await videos.find(accountId, videoId)).toMatchObject({ renderProgress: 5 })
    expect((await executions.findById(executionId))?.lastSignOfLifeAt).toEqual(NOW)
  })

  test('progress of a step that is not open counts only as a sign of life', async () => {
    const { executionId } = await admit()
    const late = { executionId, step: 'remote render', progress: 70, signOfLifeAt: NOW }
    expect(await executions.recordProgress(late)).toBe(true)
    expect(await stepOf(executionId, 'remote render')).toMatchObject({ progress: null })
    expect((await executions.findById(executionId))?.lastSignOfLifeAt).toEqual(NOW)
  })

  test('the step that completes an execution can still be tried again and closed', async () => {
    const { executionId } = await admit()
    await executions.beginStep({ executionId, step: 'mark ready' })
    await executions.complete({ executionId, files: FILES, renderTimeSeconds: 2 })
    expect(await executions.beginStep({ executionId, step: 'mark ready' })).toBe(true)
    expect(
      await executions.endStep({ executionId, step: 'mark ready', outcome: 'completed' }),
    ).toBe(true)
    expect(await executions.beginStep({ executionId, step: 'mark ready' })).toBe(false)
    expect(await executions.beginStep({ executionId, step: 'notify' })).toBe(true)
  })

  test('a step or an execution that does not exist is told by false', async () => {
    const { executionId } = await admit()
    expect(await executions.beginStep({ executionId, step: 'dance' })).toBe(false)
    expect(await executions.beginStep({ executionId: 'exec_none', step: 'notify' })).toBe(false)
  })
})

describe('endings', () => {
  test('completion publishes the files and captures the hold, once', async () => {
    const { executionId } = await admit()
    const completion = { executionId, files: FILES, renderTimeSeconds: 4.5 }
    expect(await executions.complete(completion)).toEqual({ capturedCredits: 15 })
    expect(await executions.complete(completion)).toEqual({ capturedCredits: 15 })
    expect(await ledger.balance(accountId)).toEqual({ posted: 5, held: 0, available: 5 })
    expect(await videos.find(accountId, videoId)).toMatchObject({
      ...FILES,
      status: 'ready',
      renderProgress: 100,
      renderTimeSeconds: 4.5,
    })
    expect(await executions.findById(executionId)).toMatchObject({
      status: 'completed',
      finishedAt: NOW,
      outputKeys: { video: 'video.mp4', squareThumbnail: 'square.jpg' },
      credits: { heldCredits: 15, capturedCredits: 15, refundedCredits: 0 },
    })
    const endings = (await eventsOf(executionId)).filter((event) => event.endsWith('completed'))
    expect(endings).toEqual(['execution.status completed'])
  })

  test('nothing is published when the hold has expired meanwhile', async () => {
    const { executionId } = await admit()
    await ledger.expire(holdId(executionId))
    const completion = executions.complete({ executionId, files: FILES, renderTimeSeconds: 1 })
    await expect(completion).rejects.toMatchObject({ code: 'HOLD_CONFLICT' })
    expect(await videos.find(accountId, videoId)).toMatchObject({
      status: 'pending',
      videoKey: null,
    })
  })

  test('a failure voids the hold and names the step; a repeated call says the same', async () => {
    const { executionId } = await admit()
    await executions.beginStep({ executionId, step: 'thumbnails' })
    const failure = {
      executionId,
      ending: 'error',
      failure: 'ENCODER_CRASHED',
      step: 'thumbnails',
    } as const
    const answer = { status: 'error', releasedCredits: 15 }
    expect(await executions.abandon(failure)).toEqual({ ...answer, abandoned: true })
    expect(await executions.abandon(failure)).toEqual({ ...answer, abandoned: false })
    const execution = await executions.findById(executionId)
    expect(execution).toMatchObject({
      status: 'error',
      error: { code: 'ENCODER_CRASHED', step: 'thumbnails' },
      hold: { state: 'voided' },
    })
    expect(execution?.steps.map(({ name, status }) => `${name}: ${status}`)).toEqual([
      'hold credits: completed',
      'crop audio: canceled',
      'remote render: canceled',
      'thumbnails: failed',
      'invalidate cdn: canceled',
      'mark ready: canceled',
      'notify: canceled',
    ])
    expect(await videos.find(accountId, videoId)).toMatchObject({ status: 'error' })
    expect(await ledger.balance(accountId)).toMatchObject({ held: 0, available: 20 })
    expect(await executions.beginStep({ executionId, step: 'notify' })).toBe(true)
  })

  test('an execution that is finished cannot be abandoned', async () => {
    const { executionId } = await admit()
    await executions.complete({ executionId, files: FILES, renderTimeSeconds: 1 })
    const late = { executionId, ending: 'canceled', failure: null, step: null } as const
    expect(await executions.abandon(late)).toEqual({
      abandoned: false,
      status: 'completed',
      releasedCredits: 0,
    })
    expect(await videos.find(accountId, videoId)).toMatchObject({ status: 'ready' })
    expect(await ledger.balance(accountId)).toMatchObject({ posted: 5 })
  })

  test('completion and abandonment at once: exactly one of them happens', async () => {
    const { executionId } = await admit()
    const [completion, abandonment] = await Promise.allSettled([
      executions.complete({ executionId, files: FILES, renderTimeSeconds: 1 }),
      executions.abandon({ executionId, ending: 'canceled', failure: null, step: null }),
    ])
    const completed = completion.status === 'fulfilled'
    expect(abandonment).toMatchObject({ value: { abandoned: !completed } })
    expect(await executions.findById(executionId)).toMatchObject({
      status: completed ? 'completed' : 'canceled',
      hold: { state: completed ? 'captured' : 'voided' },
    })
    expect(await videos.find(accountId, videoId)).toMatchObject({
      status: completed ? 'ready' : 'canceled',
    })
  })

  test('an order that was declined has nothing to abandon', async () => {
    const { executionId } = await admit({ amountCredits: 21 })
    expect(
      await executions.abandon({ executionId, ending: 'canceled', failure: null, step: null }),
    ).toEqual({ abandoned: false, status: null, releasedCredits: 0 })
  })

  test('a stalled render keeps its hold and resumes', async () => {
    const { executionId } = await admit()
    await executions.beginStep({ executionId, step: 'remote render' })
    expect(await executions.markStalled(executionId)).toBe(true)
    expect(await executions.markStalled(executionId)).toBe(false)
    expect(await videos.find(accountId, videoId)).toMatchObject({
      status: 'stalled',
      stalledAt: NOW,
    })
    expect(await executions.findById(executionId)).toMatchObject({
      status: 'stalled',
      hold: { state: 'pending' },
    })
    expect(await executions.markResumed(executionId)).toBe(true)
    expect(await videos.find(accountId, videoId)).toMatchObject({
      status: 'processing',
      stalledAt: null,
    })
  })
})

describe('reading', () => {
  test('an execution of another account is not found', async () => {
    const { executionId } = await admit()
    expect(await executions.find(await insertAccount(database), executionId)).toBeNull()
  })

  test('pages go from the newest to the oldest without gap or repetition', async () => {
    const ids: string[] = []
    for (let index = 0; index < 5; index += 1) {
      ids.unshift((await admit({ amountCredits: 1 })).executionId)
    }
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await executions.list({ accountId, limit: 2, cursor })
      expect(page.items.every(({ steps, hold }) => steps.length === 7 && hold !== null)).toBe(true)
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    expect(seen.toSorted()).toEqual(ids.toSorted())
    expect(await executions.list({ accountId, status: 'completed', limit: 2 })).toEqual({
      items: [],
      nextCursor: null,
    })
    await expect(executions.list({ accountId, limit: 2, cursor: "1'; --" })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    })
  })

  test('events resume after the last one that was seen', async () => {
    const { executionId } = await admit()
    await executions.beginStep({ executionId, step: 'crop audio' })
    const all = await executions.events({ executionId, afterSequence: 0, limit: 10 })
    const rest = { executionId, afterSequence: all[0]!.sequence, limit: 1 }
    expect(await executions.events(rest)).toEqual([all[1]])
  })

  test('only the events of executions that ended long ago are forgotten', async () => {
    const [ended, running] = [await admit({ amountCredits: 1 }), await admit({ amountCredits: 1 })]
    await executions.abandon({ ...ended, ending: 'canceled', failure: null, step: null })
    await executions.pruneEvents(new Date(NOW.getTime() + 1))
    expect(await eventsOf(ended.executionId)).toEqual([])
    expect(await eventsOf(running.executionId)).toEqual(['execution.status pending'])
  })

  test('failures are counted by step and code', async () => {
    const { executionId } = await admit()
    const step = 'remote render'
    const count = async () => {
      const counts = await executions.countFailures()
      return counts.find((row) => row.step === step && row.code === 'RENDERER_FAILED')?.count ?? 0
    }
    const [before, statusesBefore] = [await count(), await executions.countByStatus()]
    await executions.abandon({ executionId, ending: 'error', failure: 'RENDERER_FAILED', step })
    expect(await count()).toBe(before + 1)
    const statuses = await executions.countByStatus()
    expect(statuses.error).toBe(statusesBefore.error + 1)
    expect(statuses.pending).toBe(statusesBefore.pending - 1)
  })
})
