import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { processIdentity } from '../../scripts/stack/process-identity.ts'
import { createRepositories } from '../../src/composition/repositories.ts'
import { openStorage } from '../../src/composition/storage.ts'
import { readConfig } from '../../src/config.ts'
import { QUEUES } from '../../src/contracts/queues.ts'
import { renderTaskOptions } from '../../src/contracts/http/tasks/render-options.ts'
import { INTERNAL_ACCOUNT_ID, taskWorkflowId, type TaskId } from '../../src/domain/ids.ts'
import { childrenNamed } from '../activities/support/child-processes.ts'
import { testTemporal } from '../api/support/temporal-namespace.ts'
import { testDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { makeTone } from '../support/media-corpus.ts'
import { newId } from '../support/records.ts'
import { startSpool, type SpoolProcess } from './support/spool-process.ts'

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

const database = await testDatabase()
const repositories = createRepositories(database.database)
const folder = await mkdtemp(join(tmpdir(), 'spool-shutdown-'))
const ports = { api: await freePort(), metrics: await freePort() }
const apiUrl = `http://127.0.0.1:${ports.api}`
const metricsUrl = `http://127.0.0.1:${ports.metrics}/metrics`
const ADMIN_KEY = randomBytes(16).toString('hex')
const { client, address, namespace } = await testTemporal()
const environment = {
  DATABASE_URL: database.url,
  TEMPORAL_ADDRESS: address,
  TEMPORAL_NAMESPACE: namespace,
  SPOOL_SECRET: randomBytes(32).toString('hex'),
  SPOOL_ADMIN_KEY: ADMIN_KEY,
  SPOOL_PORT: String(ports.api),
  SPOOL_PUBLIC_URL: apiUrl,
  SPOOL_STORAGE_DIR: join(folder, 'storage'),
  SPOOL_WORK_DIR: join(folder, 'work'),
  SPOOL_WORKER_METRICS_PORT: String(ports.metrics),
  SPOOL_FFMPEG_PATH: process.env['SPOOL_FFMPEG_PATH'] ?? 'ffmpeg',
  SPOOL_FFPROBE_PATH: process.env['SPOOL_FFPROBE_PATH'] ?? 'ffprobe',
}

const started: SpoolProcess[] = []
const start = async (program: 'server' | 'worker') => {
  // An API ends when its last request has been answered; a worker's encodes are cancelled after it.
  const grace = { SPOOL_SHUTDOWN_GRACE_SECONDS: program === 'server' ? '60' : '1' }
  const spool = await startSpool(program, { ...environment, ...grace })
  started.push(spool)
  return spool
}

afterEach(async () => {
  const left = started.splice(0)
  for (const spool of left) spool.signal('SIGKILL')
  await Promise.all(left.map(({ ended }) => ended))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** The value of a metric with these labels; 0 when it was never counted. */
const metricAt = (text: string, name: string, ...labels: readonly string[]): number => {
  const line = text
    .split('\n')
    .find((each) => each.startsWith(name) && labels.every((label) => each.includes(label)))
  return Number(line?.split(' ').at(-1) ?? 0)
}
const scrape = async (url: string): Promise<string> => await (await fetch(url)).text()

describe('a worker that is told to stop while it encodes', () => {
  const orderTask = async (durationSeconds: number): Promise<TaskId> => {
    const song = await makeTone(folder, 'song.mp3', { durationSeconds })
    const { store } = await openStorage(readConfig(environment))
    await store.put('uploads/song', { filePath: song }, { contentType: 'audio/mpeg' })
    const input = await store.signGet('uploads/song', { expiresInSeconds: 600 })
    const task = await repositories.tasks.insert({
      id: newId('task'),
      accountId: INTERNAL_ACCOUNT_ID,
      kind: 'render',
      input,
      options: renderTaskOptions.parse({ width: 640, height: 360 }),
      metadata: {},
      webhookUrl: null,
      priority: 3,
    })
    await client.workflow.start('task', {
      taskQueue: 'pipelines',
      workflowId: taskWorkflowId(task.id),
      args: [{ taskId: task.id, accountId: INTERNAL_ACCOUNT_ID }],
    })
    return task.id
  }

  const pendingActivities = async (taskId: TaskId) => {
    const { raw } = await client.workflow.getHandle(taskWorkflowId(taskId)).describe()
    return raw.pendingActivities ?? []
  }

  // It draws twenty seconds, and a slow machine draws slowly.
  const timeout = 300_000
  it(
    'ends the encoder, leaves nothing, and another worker finishes at once',
    { timeout },
    async () => {
      const api = await start('server')
      const first = await start('worker')
      const taskId = await orderTask(20)
      const encoder = await eventually(async () => {
        const [found] = await childrenNamed('ffmpeg', first.pid)
        const [activity] = await pendingActivities(taskId)
        // Before the render there is an ffmpeg as well: the one that judges the song.
        expect(activity?.activityType?.name).toBe('renderTask')
        if (found === undefined) throw new Error('no encoder runs')
        return found
      })
      first.signal('SIGTERM')
      expect(await first.ended).toBe(0)
      expect(first.log()).toContain('the worker has stopped')
      expect(processIdentity(encoder)).toBeNull()
      expect(await readdir(environment.SPOOL_WORK_DIR)).not.toContainEqual(
        expect.stringMatching(/^ws-/),
      )
      expect((await repositories.tasks.findById(taskId))?.status).toBe('processing')
      // Said at once to Temporal, instead of being missed after a heartbeat timeout.
      const [activity] = await pendingActivities(taskId)
      expect(activity?.lastFailure?.applicationFailureInfo?.type).toBe('WorkerShutdown')

      const second = await start('worker')
      const result = await client.workflow.getHandle(taskWorkflowId(taskId)).result()
      expect(result).toMatchObject({ taskId, status: 'completed' })
      const text = await scrape(metricsUrl)
      const encodes = metricAt(text, 'spool_activity_duration_seconds_count', '"renderTask"')
      expect(encodes).toBeGreaterThan(0)
      expect(metricAt(text, 'spool_worker_process_resident_memory_bytes')).toBeGreaterThan(0)
      second.signal('SIGTERM')
      expect(await second.ended).toBe(0)
      api.signal('SIGTERM')
      expect(await api.ended).toBe(0)
    },
  )
})

describe('an API that is told to stop', () => {
  it('shows what operators look at, finishes what it has begun, and takes nothing new', async () => {
    const api = await start('server')
    await fetch(`${apiUrl}/webhooks/tasks/forged`, { method: 'POST', body: '{}' })
    const text = await scrape(`${apiUrl}/metrics`)
    expect(metricAt(text, 'spool_inbound_webhooks_total', 'outcome="forged"')).toBe(1)
    // A gauge that could not be read in time has no value until the next reading.
    await eventually(async () => {
      const gauges = await scrape(`${apiUrl}/metrics`)
      for (const queue of QUEUES) {
        expect(gauges).toContain(`spool_queue_depth{queue="${queue}"}`)
      }
      expect(gauges).toContain('spool_ledger_violations 0')
    })
    expect(text).toContain('# TYPE spool_execution_failures gauge')
    expect(text).toContain('# TYPE spool_executions gauge')
    expect(text).toContain('spool_http_request_duration_seconds_bucket')

    // A request whose body is still on its way when the signal comes.
    const slow = request(`${apiUrl}/v1/admin/accounts`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${ADMIN_KEY}`,
        'content-type': 'application/json',
        // The answer to it says that the request has begun.
        expect: '100-continue',
      },
    })
    const answered = once(slow, 'response') as Promise<[IncomingMessage]>
    slow.flushHeaders()
    await once(slow, 'continue')
    slow.write('{"name":"Slow ')
    api.signal('SIGTERM')
    await eventually(async () => {
      const status = await fetch(`${apiUrl}/healthz`).then(
        (response) => response.status,
        () => 'refused',
      )
      expect(['refused', 503]).toContain(status)
    })
    slow.end('account","plan":"free"}')
    const [response] = await answered
    expect(response.statusCode).toBe(201)
    response.resume()
    expect(await api.ended).toBe(0)
  })
})
