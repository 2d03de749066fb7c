import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { randomBytes } from 'node:crypto'
import { makeId } from '../src/domain/ids.ts'
import { startInstantWorker } from './instant-worker-process.ts'
import type { Measure } from './run.ts'
import { percentile } from './samples.ts'
import type { BenchStack } from './stack.ts'

const GOAL_MS = 80
/** Between samples the server comes to rest: this is about one task, not about load. */
const REST_MS = 100
/** The first ones open connections and fill caches. */
const WARM_UP = 5

/**
 * What a task costs beside its work: from a client's `POST /v1/tasks` to the arrival of its webhook, one
 * at a time, with an activity that does nothing. The input is an upload, so nothing is fetched.
 */
export const measure: Measure = async (run) => {
  const stack = await run.stack()
  const count = run.quick ? 40 : 100
  const worker = await startInstantWorker(stack, { besideBare: false })
  const receiver = await startReceiver()
  try {
    const input = await insertPicture(stack)
    const samples: number[] = []
    for (let index = -WARM_UP; index < count; index += 1) {
      await delay(REST_MS)
      const startedAtMs = performance.now()
      const id = await order(stack, { input, webhookUrl: receiver.url })
      const arrivedAtMs = await receiver.arrival(id)
      if (index >= 0) samples.push(arrivedAtMs - startedAtMs)
    }
    const [p50, p95] = [percentile(samples, 0.5), percentile(samples, 0.95)]
    return [
      {
        name: `tasks: submit to webhook, p50 of ${count} (p95 ${p95.toFixed(0)} ms)`,
        ours: `${p50.toFixed(0)} ms`,
        yardstick: '',
        ratio: '',
        goal: `≤ ${GOAL_MS} ms`,
        met: p50 <= GOAL_MS,
      },
    ]
  } finally {
    await receiver.close()
    await worker.stop()
  }
}

/** A customer's server: when the end of each task was told. */
const startReceiver = async () => {
  const arrivals = new Map<string, PromiseWithResolvers<number>>()
  const of = (id: string): PromiseWithResolvers<number> => {
    const found = arrivals.get(id) ?? Promise.withResolvers<number>()
    arrivals.set(id, found)
    return found
  }
  const server = createServer((request, response) => {
    const atMs = performance.now()
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { type, task_id: id } = JSON.parse(Buffer.concat(chunks).toString()) as {
        type: string
        task_id: string
      }
      if (type === 'job.succeeded') of(id).resolve(atMs)
      response.writeHead(204).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    arrival: (id: string) => of(id).promise,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const insertPicture = async ({ repositories, account }: BenchStack): Promise<string> => {
  const { id } = await repositories.media.insert({
    id: makeId('media', randomBytes(12).toString('hex')),
    accountId: account.id,
    kind: 'image',
    storageKey: 'media/none',
    fileName: 'none.png',
    contentType: 'image/png',
    sizeBytes: 1,
    durationSeconds: null,
    streams: [{ kind: 'video', codec: 'png', widthPx: 1, heightPx: 1 }],
  })
  return id
}

const order = async (
  { apiUrl, account }: BenchStack,
  { input, webhookUrl }: { readonly input: string; readonly webhookUrl: string },
): Promise<string> => {
  const response = await fetch(`${apiUrl}/v1/tasks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${account.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ input, kind: 'image', webhook_url: webhookUrl }),
  })
  const task = (await response.json()) as { id: string }
  if (response.status !== 201) throw new Error(`the order was answered ${response.status}`)
  return task.id
}
