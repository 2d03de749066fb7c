/** Server-sent progress: nothing is left out, nothing comes twice, and it ends. */

import { expect, test } from 'vitest'
import type { ExecutionId } from '../../src/domain/ids.ts'
import { PIPELINE_STEPS } from '../../src/domain/steps.ts'
import { testDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { newId } from '../support/records.ts'
import { startApi, type Customer } from './support/api-under-test.ts'
import { testTemporal } from './support/temporal-namespace.ts'

const connection = await testDatabase()
const temporal = await testTemporal()
const api = await startApi({ connection, temporal: temporal.client })
const { executions } = api.repositories
const closing = await startApi({ connection, temporal: temporal.client })
const address = await api.app.listen({ host: '127.0.0.1', port: 0 })

const admitted = async (): Promise<{ customer: Customer; executionId: ExecutionId }> => {
  const customer = await api.customer({ credits: 100 })
  const videoId = await api.video(customer.id)
  const executionId = newId('execution')
  await executions.admitRender({
    order: { executionId, videoId, accountId: customer.id },
    workflowId: `render-${videoId}`,
    replaces: null,
    steps: PIPELINE_STEPS.render,
    holdExpiresAt: new Date(Date.now() + 60_000),
    amountCredits: 1,
  })
  return { customer, executionId }
}

interface Streamed {
  readonly id: number
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Reads a stream as a browser does, into a list that grows while it is open. */
const follow = (customer: Customer, executionId: string, lastEventId?: number) => {
  const controller = new AbortController()
  const events: Streamed[] = []
  const text = { received: '' }
  const finished = (async () => {
    const response = await fetch(`${address}/v1/executions/${executionId}/events`, {
      signal: controller.signal,
      headers: {
        authorization: `Bearer ${customer.key}`,
        ...(lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) }),
      },
    })
    let rest = ''
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text.received += chunk
      const frames = `${rest}${chunk}`.split('\n\n')
      rest = frames.pop() ?? ''
      for (const frame of frames) {
        const match = /^id: (\d+)\nevent: (\S+)\ndata: (.+)$/.exec(frame)
        if (match)
          events.push({ id: Number(match[1]), event: match[2]!, data: JSON.parse(match[3]!) })
      }
    }
    return response
  })()
  // Whoever hangs up does not look at how it ended.
  finished.catch(() => undefined)
  return { events, text, finished, hangUp: () => controller.abort() }
}

const endQuietly = async (executionId: ExecutionId): Promise<void> => {
  await executions.abandon({ executionId, ending: 'canceled', failure: null, step: null })
}

test('what happened before is told first, then what happens, and the end closes the stream', async () => {
  const { customer, executionId } = await admitted()
  const stream = follow(customer, executionId)
  await eventually(() => expect(stream.events).toHaveLength(1))
  await executions.beginStep({ executionId, step: 'crop audio' })
  await executions.endStep({ executionId, step: 'crop audio', outcome: 'completed' })
  await endQuietly(executionId)
  const response = await stream.finished
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  expect(
    stream.events.map(({ event, data }) => [event, data['step'] ?? null, data['status']]),
  ).toEqual([
    ['execution.status', null, 'pending'],
    ['execution.status', null, 'processing'],
    ['step.status', 'crop audio', 'processing'],
    ['step.status', 'crop audio', 'completed'],
    ['execution.status', null, 'canceled'],
  ])
  const ids = stream.events.map(({ id }) => id)
  expect(ids).toEqual(ids.toSorted((one, other) => one - other))
})

test('a stream that broke off is resumed after the last event that was seen', async () => {
  const { customer, executionId } = await admitted()
  await executions.beginStep({ executionId, step: 'remote render' })
  const first = follow(customer, executionId)
  await eventually(() => expect(first.events).toHaveLength(3))
  first.hangUp()
  const lastId = first.events.at(-1)!.id

  const progress = { executionId, step: 'remote render', signOfLifeAt: new Date() }
  await executions.recordProgress({ ...progress, progress: 10 })
  await executions.recordProgress({ ...progress, progress: 20 })
  const second = follow(customer, executionId, lastId)
  await eventually(() => expect(second.events).toHaveLength(2))
  await endQuietly(executionId)
  await second.finished
  expect(second.events.map(({ data }) => data['progress'] ?? data['status'])).toEqual([
    10,
    20,
    'canceled',
  ])
})

test('whoever comes back after the end is told to stay away', async () => {
  const { customer, executionId } = await admitted()
  await endQuietly(executionId)
  const all = follow(customer, executionId)
  await all.finished
  const again = follow(customer, executionId, all.events.at(-1)!.id)
  expect((await again.finished).status).toBe(204)
})

test('an idle stream is kept open by comments', async () => {
  const { customer, executionId } = await admitted()
  const stream = follow(customer, executionId)
  await eventually(() => expect(stream.text.received).toMatch(/(: still here\n\n){2}/))
  stream.hangUp()
})

test('ten listeners, of whom some come late, are told the same', async () => {
  const { customer, executionId } = await admitted()
  const early = Array.from({ length: 5 }, () => follow(customer, executionId))
  await executions.beginStep({ executionId, step: 'remote render' })
  const late = Array.from({ length: 5 }, () => follow(customer, executionId))
  for (let progress = 1; progress <= 20; progress += 1) {
    await executions.recordProgress({
      executionId,
      step: 'remote render',
      progress: progress * 5,
      signOfLifeAt: new Date(),
    })
  }
  await endQuietly(executionId)
  const streams = [...early, ...late]
  await Promise.all(streams.map(({ finished }) => finished))
  const [first, ...others] = streams.map(({ events }) => events)
  expect(first).toHaveLength(24)
  for (const other of others) expect(other).toEqual(first)
})

test('a server that closes ends its streams instead of waiting for them', async () => {
  const url = await closing.app.listen({ host: '127.0.0.1', port: 0 })
  const { customer, executionId } = await admitted()
  const response = await fetch(`${url}/v1/executions/${executionId}/events`, {
    headers: { authorization: `Bearer ${customer.key}` },
  })
  const read = response.text()
  await closing.app.close()
  expect(await read).toContain('event: execution.status')
})
