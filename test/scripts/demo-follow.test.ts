import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { followExecution } from '../../scripts/demo/follow-execution.ts'
import { createSpoolClient } from '../../scripts/demo/spool-client.ts'

const step = (status: string) => ({ name: 'crop audio', status, attempts: 1, progress: null })
const execution = (status: string, stepStatus: string) => ({
  id: 'exec_1',
  status,
  steps: [step(stepStatus)],
})
const progress = (id: number, percent: number) =>
  `id: ${id}\nevent: step.progress\ndata: {"step":"crop audio","progress":${percent},"at":"2026-01-01T00:00:00Z"}\n\n`

/** An API whose first stream breaks off in the middle, and whose second one ends as it should. */
async function brokenApi() {
  const resumedAfter: (string | undefined)[] = []
  let isOver = false
  const server = createServer((request, response) => {
    if (!request.url?.endsWith('/events')) {
      const now = isOver
        ? execution('completed', 'completed')
        : execution('processing', 'processing')
      return response.end(JSON.stringify(now))
    }
    const lastEventId = request.headers['last-event-id']
    resumedAfter.push(typeof lastEventId === 'string' ? lastEventId : undefined)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    if (resumedAfter.length === 1) {
      response.write(`: still here\n\n${progress(7, 40)}`, () => {
        setImmediate(() => response.destroy())
      })
      return undefined
    }
    isOver = true
    return response.end(progress(8, 80))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, resumedAfter }
}

test('a stream that breaks off is taken up after the last event that was seen', async () => {
  const api = await brokenApi()
  const seen: (number | null | undefined)[] = []
  const ended = await followExecution({
    client: createSpoolClient(api.url, 'key'),
    executionId: 'exec_1',
    onChange: ({ steps }) => seen.push(steps[0]?.progress),
    signal: new AbortController().signal,
  })
  expect(ended.status).toBe('completed')
  expect(api.resumedAfter).toEqual([undefined, '7'])
  expect(seen).toContain(40)
  expect(seen).toContain(80)
})
