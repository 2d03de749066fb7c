/** What an order from a URL costs whose account could not pay for the length that was found there. */

import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { PipelineOrder } from '../../src/contracts/orders.ts'
import { streamStepPrices } from '../../src/domain/pricing.ts'
import { insertAccount, newId } from '../support/records.ts'
import { startActivityWorld } from './support/activity-world.ts'

const world = await startActivityWorld()
const { ledger } = world.repositories
const SECONDS = 9

const priceOf = (durationSeconds: number): number =>
  Object.values(streamStepPrices('creator', durationSeconds)).reduce((sum, price) => sum + price, 0)
const LEAST = priceOf(0)
const FULL = priceOf(SECONDS)

const serveFilm = async () => {
  const path = join(world.folder, 'film.mp4')
  const film = ['-f', 'lavfi', '-i', `testsrc2=s=160x90:r=25:d=${SECONDS}`, '-c:v', 'mpeg4', path]
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', ...film])
  const body = await readFile(path)
  world.customer.answer = () => ({ body })
}

test('a film that was too long for its account costs its full price in the retry', async () => {
  await serveFilm()
  const accountId = await insertAccount(world.database.database, LEAST)
  const executionId = newId('execution')
  const order: PipelineOrder = {
    ...{ executionId, accountId, pipeline: 'stream', subjectId: newId('media') },
    ...{ round: 0, priority: 3 },
    input: { sealedUrl: world.seal(`${world.customer.baseUrl}/film.mp4`) },
  }
  const workflowId = `stream-${executionId}`
  const first = await world.run('admitExecution', { order, workflowId })
  expect(first).toMatchObject({ status: 'held', amountCredits: LEAST })
  const { durationSeconds } = await world.run('probeSource', { executionId, order })
  expect(durationSeconds).toBeCloseTo(SECONDS)
  const raised = await world.run('raiseHold', { order, workflowId, durationSeconds })
  expect(raised).toEqual({ status: 'declined', neededCredits: FULL - LEAST, availableCredits: 0 })
  const failure = 'INSUFFICIENT_CREDITS'
  await world.run('abandonExecution', { executionId, ending: 'error', failure, step: null })

  const retry = (round: number) =>
    world.run('admitExecution', { order: { ...order, round }, workflowId })
  const declined = { status: 'declined', neededCredits: FULL, availableCredits: LEAST }
  expect(await retry(1)).toEqual(declined)
  await ledger.topUp({ accountId, amountCredits: FULL - LEAST, reference: 'more' })
  const held = await retry(2)
  expect(held).toMatchObject({ status: 'held', amountCredits: FULL })
  // The step that measures is done: nothing would raise the hold once more.
  expect(held).toMatchObject({ done: expect.arrayContaining(['probe']) })

  const branches = Object.keys(streamStepPrices('creator', SECONDS)).map((step) => ({
    ...{
      step,
      outcome: 'completed' as const,
      failure: null,
      outputs: { [step]: `key of ${step}` },
    },
  }))
  const ending = { executionId, outcome: 'completed', branches, step: 'assemble' } as const
  expect(await world.run('completeExecution', ending)).toEqual({ capturedCredits: FULL })
  expect(await ledger.balance(accountId)).toEqual({ posted: 0, held: 0, available: 0 })
  expect(await ledger.audit()).toEqual([])
})
